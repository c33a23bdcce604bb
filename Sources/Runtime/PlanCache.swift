public import Catalog
public import Storage
public import Values
public import Workflows

import Synchronization

/// Compiled graphs by hash; at most ``capacity`` of them, of which the older half is forgotten when there are more.
public final class PlanCache: Sendable {
    /// The most plans kept.
    public static let capacity = 512

    private let database: Database
    private let catalog: Catalog
    private let plans = Mutex<(byHash: [ContentHash: Plan], order: [ContentHash])>(([:], []))

    /// A cache over the graphs of a database, compiled with a catalog.
    public init(database: Database, catalog: Catalog) {
        self.database = database
        self.catalog = catalog
    }

    /// The plan of a stored graph.
    ///
    /// - Throws: ``RuntimeError`` when the graph is not stored, or no longer compiles.
    public func plan(_ hash: ContentHash) async throws(RuntimeError) -> Plan {
        if let plan = known(hash) { return plan }
        let graph: Graph
        do {
            guard let body = try await database.graph(hash) else {
                throw RuntimeError.storage(reason: "The graph \(hash) is not stored.")
            }
            graph = try Graph(record: try JSON(parsing: body))
        } catch let error as RuntimeError {
            throw error
        } catch {
            throw .storage(reason: "The graph \(hash) cannot be read: \(error)")
        }
        switch compile(graph, hash: hash) {
        case .plan(let plan): return plan
        case .violations(let findings):
            let first = findings.first { $0.severity == .error }
            throw .storage(reason: "The graph \(hash) no longer compiles: \(first?.message ?? "")")
        }
    }

    /// Compiles a graph to be run, unless it is known.
    public func compile(_ graph: Graph, hash: ContentHash) -> Compiler.Outcome {
        if let plan = known(hash) { return .plan(plan) }
        let outcome = Compiler.compile(graph, hash: hash, catalog: catalog, for: .running)
        if case .plan(let plan) = outcome { keep(plan) }
        return outcome
    }

    /// The plan of that hash, when it is in memory.
    public func known(_ hash: ContentHash) -> Plan? {
        plans.withLock { $0.byHash[hash] }
    }

    private func keep(_ plan: Plan) {
        plans.withLock { plans in
            guard plans.byHash.updateValue(plan, forKey: plan.graph) == nil else { return }
            plans.order.append(plan.graph)
            guard plans.order.count > Self.capacity else { return }
            for hash in plans.order.prefix(Self.capacity / 2) { plans.byHash[hash] = nil }
            plans.order.removeFirst(Self.capacity / 2)
        }
    }
}
