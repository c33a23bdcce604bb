public import Engine
import Storage
public import Values
import Workflows

extension RunService {
    /// What became of the node runs of an execution that has ended.
    ///
    /// Of runs without items this is read from the stored result; where nodes ran for items, the journal is read again.
    ///
    /// - Returns: `nil` when it is unknown or has not ended.
    /// - Throws: ``RuntimeError`` when it cannot be read.
    public func finishedRuns(of id: ExecutionID) async throws(RuntimeError) -> FinishedRuns? {
        do {
            guard let row = try await database.execution(id), let result = row.result,
                let view = RunView(record: try JSON(parsing: result, limits: .record))
            else { return nil }
            let plan = try await services.plan(row.facts.graph)
            if let finished = FinishedRuns(view, plan: plan) { return finished }
            return FinishedRuns(try await Shard.replay(id, of: plan, in: database))
        } catch {
            throw Shard.translate(error, of: id)
        }
    }

    /// What the journal of an execution adds up to, ended or not.
    ///
    /// - Throws: ``RuntimeError`` when it cannot be read, ``RuntimeError/damaged(_:reason:)`` also when it is no longer kept.
    public func replayed(_ id: ExecutionID, graph: ContentHash) async throws(RuntimeError) -> Run {
        do {
            return try await Shard.replay(id, of: try await services.plan(graph), in: database)
        } catch {
            throw Shard.translate(error, of: id)
        }
    }
}
