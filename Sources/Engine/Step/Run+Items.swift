import Values
import Workflows

/// How many items a level of iteration has.
enum Extent: Hashable {
    /// The list is not there yet.
    case unknown
    /// The list will never be there.
    case absent
    /// So many.
    case count(Int)
    /// Lists that are walked together differ in length.
    case mismatch(String, Int, String, Int)
}

extension Run {
    /// How many items the next level has after the items of the outer levels.
    func extent(_ node: Int, after outer: [Int32]) -> Extent {
        let own = plan.nodes[node].dimensions
        let dimension = own[outer.count]
        if let container = plan.container(of: dimension) {
            guard let run = sourceRun(container, along: own, at: outer) else { return .unknown }
            if run.turns.isEmpty { return run.state.isTerminal ? .absent : .unknown }
            return .count(run.turns.count)
        }
        var known: (name: String, count: Int)?
        var isAbsent = false
        for source in dimension.sources {
            let value: Value?
            if let turn = turn(of: source.node, along: own, at: outer) {
                value = turn[source.port]
            } else {
                guard let run = sourceRun(source.node, along: own, at: outer), run.state.isTerminal else {
                    return .unknown
                }
                value = run.outputs[source.port]
            }
            guard let count = value?.itemCount else {
                isAbsent = true
                continue
            }
            let name = "\(plan.nodes[source.node].id).\(source.port)"
            if let known, known.count != count { return .mismatch(known.name, known.count, name, count) }
            known = (name, count)
        }
        return isAbsent ? .absent : known.map { .count($0.count) } ?? .unknown
    }

    /// What was judged for everything that a node runs for under some outer items, instead of item by item.
    func judgement(of node: Int, at index: [Int32]) -> NodeRun? {
        let levels = plan.nodes[node].dimensions.count
        guard levels > 0 else { return nil }
        if let single = nodes[node].single { return single }
        guard levels > 1, !index.isEmpty else { return nil }
        return (1...min(levels - 1, index.count)).lazy.compactMap { nodes[node].items[Array(index.prefix($0))] }.first
    }

    /// The run of a source node that belongs to an item, or what was judged in its place.
    private func sourceRun(_ source: Int, along own: [Dimension], at index: [Int32]) -> NodeRun? {
        let index = projected(index, along: own, to: source)
        return judgement(of: source, at: index) ?? nodes[source][index]
    }

    /// The turn of a container in which an item stands; `nil` when it does not stand in it.
    func turn(of container: Int, along own: [Dimension], at index: [Int32]) -> Turn? {
        guard plan.nodes[container].container != nil,
            let level = own.firstIndex(where: { plan.container(of: $0) == container }), level < index.count,
            let turns = nodes[container][Array(index.prefix(level))]?.turns, turns.indices.contains(Int(index[level]))
        else { return nil }
        return turns[Int(index[level])]
    }

    /// The items of a source node that belong to the items of a node; shorter than the source's dimensions where the
    /// node does not follow them.
    func projected(_ index: [Int32], of node: Int, to source: Int) -> [Int32] {
        projected(index, along: plan.nodes[node].dimensions, to: source)
    }

    /// As ``projected(_:of:to:)``, for items of these dimensions.
    func projected(_ index: [Int32], along own: [Dimension], to source: Int) -> [Int32] {
        let wanted = plan.nodes[source].dimensions
        guard !wanted.isEmpty else { return [] }
        if wanted == own { return index }
        var projected: [Int32] = []
        for dimension in wanted {
            guard let level = own.firstIndex(where: { $0.shares(with: dimension) }), level < index.count else { break }
            projected.append(index[level])
        }
        return projected
    }

    /// How many runs a node has under the items of its outer levels, or `nil` while that is not known.
    func total(_ node: Int, under outer: [Int32] = []) -> Int? {
        let own = plan.nodes[node].dimensions
        guard outer.count < own.count else { return 1 }
        if !outer.isEmpty, nodes[node].items[outer] != nil { return 1 }
        if let total = totals[Address(node: node, index: outer)] { return total }
        // A loop may take another turn as long as it has not ended.
        if let container = plan.container(of: own[outer.count]),
            sourceRun(container, along: own, at: outer)?.state.isTerminal != true
        {
            return nil
        }
        switch extent(node, after: outer) {
        case .unknown: return nil
        case .absent, .mismatch: return 0
        case .count(let count):
            guard outer.count + 1 < own.count else { return count }
            // The innermost lists come last: while one of them is open there is nothing to add up.
            for source in own[own.count - 1].sources where plan.nodes[source.node].container == nil {
                let index = projected(outer, along: own, to: source.node)
                guard isResolved(source.node, under: index) else { return nil }
            }
            var sum = 0
            for item in 0..<count {
                guard let inner = total(node, under: outer + [Int32(item)]) else { return nil }
                sum += inner
            }
            return sum
        }
    }

    /// Keeps the number of runs that an edge waits for, so that it is added up once.
    mutating func noteTotal(of edge: PlanEdge, for address: Address) {
        let index = projected(address.index, of: address.node, to: edge.source)
        guard plan.nodes[edge.source].dimensions.count > index.count + 1 else { return }
        let key = Address(node: edge.source, index: index)
        if totals[key] == nil, let total = total(edge.source, under: index) { totals[key] = total }
    }

    /// Whether all runs of a node are terminal, or all of those under some of its items.
    func isResolved(_ node: Int, under outer: [Int32] = []) -> Bool {
        if let judged = judgement(of: node, at: outer) { return judged.state.isTerminal }
        if outer.count == plan.nodes[node].dimensions.count { return nodes[node][outer]?.state.isTerminal ?? false }
        guard let total = total(node, under: outer) else { return false }
        return nodes[node].terminalItems[outer, default: 0] == total
    }

    /// The items of a node that are known, under those of its outer levels.
    func knownItems(_ node: Int, under outer: [Int32] = []) -> [[Int32]] {
        guard outer.count < plan.nodes[node].dimensions.count else { return [outer] }
        guard case .count(let count) = extent(node, after: outer) else { return [] }
        if outer.count + 1 == plan.nodes[node].dimensions.count { return (0..<count).map { outer + [Int32($0)] } }
        return (0..<count).flatMap { knownItems(node, under: outer + [Int32($0)]) }
    }

    /// The runs of a node under some of its items, and what was judged in their place, in order.
    func runs(of node: Int, under outer: [Int32]) -> [NodeRun] {
        if let run = nodes[node][outer] { return [run] }
        guard outer.count < plan.nodes[node].dimensions.count, case .count(let count) = extent(node, after: outer)
        else { return [] }
        return (0..<count).flatMap { runs(of: node, under: outer + [Int32($0)]) }
    }

    /// The outputs of a port over all items under those of the outer levels: the present ones in order.
    func collected(_ node: Int, port: String, under outer: [Int32]) -> [Value] {
        knownItems(node, under: outer).compactMap { nodes[node].items[$0]?.outputs[port] }
    }
}

extension Dimension {
    func shares(with other: Dimension) -> Bool {
        sources.contains { other.sources.contains($0) }
    }
}

extension Value {
    /// The number of items of a list, or `nil` when this is none.
    var itemCount: Int? {
        switch self {
        case .list(let items): items.count
        case .json(.array(let items)): items.count
        case .json, .media: nil
        }
    }

    /// One item of a list.
    func item(_ place: Int) -> Value? {
        switch self {
        case .list(let items): items.indices.contains(place) ? items[place] : nil
        case .json(.array(let items)): items.indices.contains(place) ? .json(items[place]) : nil
        case .json, .media: nil
        }
    }
}
