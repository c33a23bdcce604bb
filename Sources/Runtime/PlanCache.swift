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
        switch try await outcome(hash) {
        case .plan(let plan): return plan
        case .violations(let findings):
            let first = findings.first { $0.severity == .error }
            throw .storage(reason: "The graph \(hash) no longer compiles: \(first?.message ?? "")")
        }
    }

    /// What a stored graph compiles to; that of a version with the manifests it keeps to.
    ///
    /// - Throws: ``RuntimeError`` when the graph is not stored or cannot be read.
    public func outcome(_ hash: ContentHash) async throws(RuntimeError) -> Compiler.Outcome {
        if let plan = known(hash) { return .plan(plan) }
        do {
            guard let body = try await database.graph(hash) else {
                throw RuntimeError.storage(reason: "The graph \(hash) is not stored.")
            }
            let record = try JSON(parsing: body)
            let graph = try Graph(record: record)
            guard let lock = record["lock"].flatMap(VersionLock.init(json:)) else { return compile(graph, hash: hash) }
            let types = try await nodeTypes(lock)
            let now = live.current
            let outcome = Compiler.compile(
                graph,
                hash: hash,
                catalog: now.keeping(to: types, names: lock.names),
                for: .running
            )
            if case .plan(let plan) = outcome { keep(plan, now) }
            return outcome
        } catch let error as RuntimeError {
            throw error
        } catch {
            throw .storage(reason: "The graph \(hash) cannot be read: \(error)")
        }
    }

    /// The node types as they were when a version was made; those that have not changed since are taken as they are.
    private func nodeTypes(_ lock: VersionLock) async throws -> [NodeType] {
        let catalog = live.current
        var types: [NodeType] = []
        var wanted: [ContentHash] = []
        for (name, hash) in lock.manifests.sorted(by: { $0.key < $1.key }) {
            if let type = catalog.nodeTypes[name], type.hash == hash { types.append(type) } else { wanted.append(hash) }
        }
        guard !wanted.isEmpty else { return types }
        let bodies = try await database.manifests(wanted)
        for hash in wanted {
            guard let body = bodies[hash] else {
                throw RuntimeError.storage(reason: "The manifest \(hash) is not stored.")
            }
            types.append(try NodeType.stored(body, hash: hash))
        }
        return types
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
