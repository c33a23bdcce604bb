import Values

/// The order in which nodes of n8n are translated: sources first, with the ways back of loops left out.
struct N8nOrder {
    /// The numbers of the nodes in order, without the parts of AI nodes.
    private(set) var numbers: [Int] = []
    /// The connections that bring items, by their target.
    private(set) var incoming: [Int: [N8nWorkflow.Link]] = [:]
    /// The ways back into a walk over batches, by the node that makes the batches.
    private(set) var loops: [Int: [N8nWorkflow.Link]] = [:]
    /// The nodes that were entered by another loop, which was cut.
    private(set) var isCut: Set<Int> = []
    /// Whether a node is a part of an AI node: a model, tool or memory.
    private(set) var isPart: [Bool]
    private var named: Set<Int> = []

    init(_ workflow: N8nWorkflow) {
        let count = workflow.nodes.count
        isPart = [Bool](repeating: false, count: count)
        for number in 0..<count {
            let outgoing = workflow.links.filter { $0.source == number }
            isPart[number] = !outgoing.isEmpty && outgoing.allSatisfy { $0.kind != "main" }
        }
        let main = workflow.links.filter { $0.kind == "main" }
        var back: Set<N8nWorkflow.Link> = []
        for node in workflow.nodes where node.kind == "splitInBatches" {
            let body = Self.reached(
                from: main.filter { $0.source == node.number && $0.output == node.loopOutput },
                main
            )
            let links = main.filter { $0.target == node.number && body.contains($0.source) }
            loops[node.number] = links
            back.formUnion(links)
        }
        for link in main where !back.contains(link) { incoming[link.target, default: []].append(link) }
        sort(workflow, main)
        findNamed(workflow)
    }

    /// Whether an expression names the item of a node.
    func isNamed(_ number: Int) -> Bool { named.contains(number) }

    /// The nodes that are reached over these connections.
    private static func reached(from links: [N8nWorkflow.Link], _ all: [N8nWorkflow.Link]) -> Set<Int> {
        var found: Set<Int> = []
        var open = links.map(\.target)
        let start = links.first?.source
        while let next = open.popLast() {
            guard next != start, found.insert(next).inserted else { continue }
            open += all.filter { $0.source == next }.map(\.target)
        }
        return found
    }

    private mutating func sort(_ workflow: N8nWorkflow, _ main: [N8nWorkflow.Link]) {
        var left = workflow.nodes.indices.filter { !isPart[$0] || !workflow.isFolded($0, isPart) }
        var done: Set<Int> = []
        while !left.isEmpty {
            if let place = left.firstIndex(where: { isReady($0, workflow, done) }) {
                let number = left.remove(at: place)
                done.insert(number)
                numbers.append(number)
                continue
            }
            // A loop: the first node on it is cut free of what is not there yet.
            let number = left.removeFirst()
            incoming[number]?.removeAll { !done.contains($0.source) }
            isCut.insert(number)
            done.insert(number)
            numbers.append(number)
        }
    }

    private func isReady(_ number: Int, _ workflow: N8nWorkflow, _ done: Set<Int>) -> Bool {
        (incoming[number] ?? []).allSatisfy { link in
            guard done.contains(link.source) else { return false }
            // What leaves at the end of a walk waits for what comes back.
            guard let back = loops[link.source], link.output != workflow.nodes[link.source].loopOutput else {
                return true
            }
            return back.allSatisfy { done.contains($0.source) }
        }
    }

    private mutating func findNamed(_ workflow: N8nWorkflow) {
        let texts = workflow.nodes.map { JSON.object($0.parameters).text }
        for node in workflow.nodes {
            let quoted = JSON.string(node.name).text.dropFirst().dropLast()
            let forms = ["$('\(quoted)')", "$(\\\"\(quoted)\\\")", "$node[\\\"\(quoted)\\\"]", "$node['\(quoted)']"]
            if texts.contains(where: { text in forms.contains { text.contains($0) } }) { named.insert(node.number) }
        }
    }
}

extension N8nWorkflow.Node {
    /// The output of a walk over batches that gives the batches; the other one, if any, gives all at the end.
    var loopOutput: Int { version >= 3 ? 1 : 0 }
}

extension N8nWorkflow {
    /// Whether a part belongs to an AI node in the end.
    func isFolded(_ number: Int, _ isPart: [Bool]) -> Bool {
        var seen: Set<Int> = []
        var open = [number]
        while let next = open.popLast() {
            guard seen.insert(next).inserted else { continue }
            for link in links where link.source == next {
                if !isPart[link.target] { return true }
                open.append(link.target)
            }
        }
        return false
    }
}
