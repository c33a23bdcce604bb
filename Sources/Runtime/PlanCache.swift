public import Catalog
public import Storage
public import Values
public import Workflows

import Synchronization

/// Compiled graphs by hash; at most ``capacity`` of them, of which the older half is forgotten when there are more.
///
/// All of them are forgotten when the catalog changes; a run that has begun keeps the plan it began with.
public final class PlanCache: Sendable {
    /// The most plans kept.
    public static let capacity = 512

    private let database: Database
    private let live: LiveCatalog
    private let plans: Mutex<Known>

    private struct Known {
        /// The catalog that the plans were compiled with.
        var catalog: Catalog
        var byHash: [ContentHash: Plan] = [:]
        var order: [ContentHash] = []
    }

    /// A cache over the graphs of a database, compiled with a catalog.
    public init(database: Database, catalog: LiveCatalog) {
        self.database = database
        live = catalog
        plans = Mutex(Known(catalog: catalog.current))
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
        let catalog = live.current
        let outcome = Compiler.compile(graph, hash: hash, catalog: catalog, for: .running)
        if case .plan(let plan) = outcome { keep(plan, catalog) }
        return outcome
    }

    /// The plan of that hash, when it is in memory and the catalog is still the one it was compiled with.
    public func known(_ hash: ContentHash) -> Plan? {
        let catalog = live.current
        return plans.withLock { plans in
            if plans.catalog !== catalog { plans = Known(catalog: catalog) }
            return plans.byHash[hash]
        }
    }

    private func keep(_ plan: Plan, _ catalog: Catalog) {
        plans.withLock { plans in
            guard plans.catalog === catalog, plans.byHash.updateValue(plan, forKey: plan.graph) == nil else { return }
            plans.order.append(plan.graph)
            guard plans.order.count > Self.capacity else { return }
            for hash in plans.order.prefix(Self.capacity / 2) { plans.byHash[hash] = nil }
            plans.order.removeFirst(Self.capacity / 2)
        }
    }
}
