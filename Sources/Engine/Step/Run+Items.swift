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
        var known: (name: String, count: Int)?
        var isAbsent = false
        for source in plan.nodes[node].dimensions[outer.count].sources {
            guard let run = sourceRun(source.node, of: node, at: outer), run.state.isTerminal else { return .unknown }
            guard let count = run.outputs[source.port]?.itemCount else {
                isAbsent = true
                continue
            }
            let name = "\(plan.nodes[source.node].id).\(source.port)"
            if let known, known.count != count { return .mismatch(known.name, known.count, name, count) }
            known = (name, count)
        }
        return isAbsent ? .absent : known.map { .count($0.count) } ?? .unknown
    }

    /// Lists that are walked together and differ in length, at any level as far as it is known.
    func mismatch(_ node: Int, after outer: [Int32] = []) -> NodeError? {
        guard outer.count < plan.nodes[node].dimensions.count else { return nil }
        switch extent(node, after: outer) {
        case .unknown, .absent: return nil
        case .mismatch(let left, let leftCount, let right, let rightCount):
            return NodeError(
                "iteration_length_mismatch",
                "\(left) has \(leftCount) items and \(right) has \(rightCount); they are walked together and must "
                    + "have equal length. Use iterator:product for all combinations."
            )
        case .count(let count):
            guard outer.count + 1 < plan.nodes[node].dimensions.count else { return nil }
            return (0..<count).lazy.compactMap { mismatch(node, after: outer + [Int32($0)]) }.first
        }
    }

    /// The run of a source node that belongs to an item of a node; for an iterated source that was judged as a whole,
    /// that judgement.
    private func sourceRun(_ source: Int, of node: Int, at index: [Int32]) -> NodeRun? {
        if let single = nodes[source].single { return single }
        return nodes[source].items[projected(index, of: node, to: source)]
    }

    /// The items of a source node that belong to the items of a node; shorter than the source's dimensions where the
    /// node does not follow them.
    func projected(_ index: [Int32], of node: Int, to source: Int) -> [Int32] {
        let wanted = plan.nodes[source].dimensions
        guard !wanted.isEmpty else { return [] }
        let own = plan.nodes[node].dimensions
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
        let levels = plan.nodes[node].dimensions.count
        guard outer.count < levels else { return 1 }
        switch extent(node, after: outer) {
        case .unknown: return nil
        case .absent, .mismatch: return 0
        case .count(let count):
            guard outer.count + 1 < levels else { return count }
            var sum = 0
            for item in 0..<count {
                guard let inner = total(node, under: outer + [Int32(item)]) else { return nil }
                sum += inner
            }
            return sum
        }
    }

    /// Whether all runs of a node are terminal.
    func isResolved(_ node: Int) -> Bool {
        if let single = nodes[node].single { return single.state.isTerminal }
        guard !plan.nodes[node].dimensions.isEmpty, let total = total(node) else { return false }
        return nodes[node].counts.terminal == total
    }

    /// The items of a node that are known, under those of its outer levels.
    func knownItems(_ node: Int, under outer: [Int32] = []) -> [[Int32]] {
        guard outer.count < plan.nodes[node].dimensions.count else { return [outer] }
        guard case .count(let count) = extent(node, after: outer) else { return [] }
        return (0..<count).flatMap { knownItems(node, under: outer + [Int32($0)]) }
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
