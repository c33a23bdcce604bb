import Assets
import Engine
import EventLoop
import FileSystem
import Runtime
import Storage
import Values
import Workflows

extension RunStarter {
    /// What the nodes of a draft take over that are pinned to earlier executions (contract §9.2).
    func pinned(_ plan: Plan, of account: AccountID) async throws -> [ReusedRun] {
        var former: [ExecutionID: FinishedRuns] = [:]
        var reused: [ReusedRun] = []
        for (place, node) in plan.nodes.enumerated() {
            guard let pin = node.pin, !node.isDisabled else { continue }
            func refuse(_ reason: String) -> APIError { .field("nodes.\(node.id).data.pin", reason) }
            if former[pin.execution] == nil {
                let row = try await stored { try await self.database.execution(pin.execution) }
                guard let row, row.facts.account == account, let runs = try await finished(pin.execution) else {
                    throw refuse("names \(pin.execution), which is unknown or has not ended")
                }
                former[pin.execution] = runs
            }
            guard let runs = former[pin.execution]?.runs(of: pin.address ?? node.id, as: place, by: .pin),
                runs.allSatisfy({ $0.address.index.count == node.dimensions.count })
            else { throw refuse("names no finished run of \(pin.address ?? node.id) that fits the node") }
            reused += runs
        }
        if let lost = try await lost(reused) { throw Self.expired(plan.nodes[lost.address.node].id) }
        return reused
    }

    /// What became of the node runs of an execution; `nil` when it has not ended.
    func finished(_ id: ExecutionID) async throws(APIError) -> FinishedRuns? {
        do {
            return try await runs.finishedRuns(of: id)
        } catch {
            throw APIError(runtime: error)
        }
    }

    /// The first node run whose media are not there any more.
    func lost(_ reused: [ReusedRun]) async throws -> ReusedRun? {
        let hashes = Array(Set(reused.flatMap { $0.outputs.values.flatMap(\.media).map(\.hash) })).sorted()
        guard !hashes.isEmpty else { return nil }
        var missing = try await stored { try await self.database.missingAssets(among: hashes) }
        let assets = assets
        missing.formUnion(try await pool.run { hashes.filter { !Folder.exists(assets.path(of: $0)) } })
        guard !missing.isEmpty else { return nil }
        return reused.first { $0.outputs.values.contains { $0.media.contains { missing.contains($0.hash) } } }
    }

    static func expired(_ node: String) -> APIError {
        APIError(
            .mediaExpired,
            "Media that \(node) has made are not kept any more. Begin at this node, or before it.",
            ["nodeId": .string(node)]
        )
    }

    /// Does something with the database and translates what goes wrong.
    func stored<Value: Sendable>(_ body: () async throws -> Value) async throws(APIError) -> Value {
        do {
            return try await body()
        } catch let error as StorageError {
            if error != .answered { log("\(error)") }
            throw APIError(storage: error)
        } catch {
            log("\(error)")
            throw APIError(.internalError, "The database failed.")
        }
    }
}
