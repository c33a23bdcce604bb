import Catalog
import Expressions
import Values

extension Compiler {
    /// Reports nodes that no run reaches, and those that do nothing for a result.
    mutating func checkReach() {
        var isDead = [Bool](repeating: false, count: nodes.count)
        for place in nodes.indices {
            let node = nodes[place]
            let dead = Set(node.incoming.filter { brings(nothing: edges[$0], isDead) })
            guard !node.isDisabled, isCutOff(node, dead) else { continue }
            isDead[place] = true
            guard !node.isImplied else { continue }
            report(
                .unreachableNode,
                "No run reaches \(node.label): nothing that it needs can come.",
                fix: "Connect it to a branch that can be taken, or remove it.",
                node: node.id,
                edge: dead.min().flatMap { edges[$0].id },
                fixes: []
            )
        }
        checkUse(isDead)
    }

    /// Whether the rules of readiness skip a node whenever these edges bring nothing (engine.md §4).
    private func isCutOff(_ node: PlanNode, _ dead: Set<Int>) -> Bool {
        guard !dead.isEmpty else { return false }
        if node.policy.joinMode == .any, dead.count < node.incoming.count { return false }
        for input in node.inputs where input.port.isRequired && !input.edges.isEmpty && input.binding == nil {
            if input.edges.allSatisfy(dead.contains) { return true }
        }
        let values = node.incoming.filter { edges[$0].targetPort != nil }
        if !values.isEmpty, values.allSatisfy(dead.contains) { return true }
        let orders = node.incoming.filter { edges[$0].targetPort == nil && edges[$0].sourcePort != nil }
        return !orders.isEmpty && orders.allSatisfy(dead.contains)
    }

    private func brings(nothing edge: PlanEdge, _ isDead: [Bool]) -> Bool {
        let source = nodes[edge.source]
        if isDead[edge.source] || source.isDisabled { return edge.sourcePort != nil || edge.id == nil }
        return edge.sourcePort.map { isNeverTaken($0, of: source) } ?? false
    }

    /// Whether a decision is fixed so that it never goes that way.
    private func isNeverTaken(_ port: String, of node: PlanNode) -> Bool {
        func binding(_ name: String) -> Binding? { node.parameters.first { $0.parameter.id == name }?.binding }
        switch node.type.id {
        case "logic:if":
            switch binding("condition") {
            case .literal(.bool(let holds)): return port == (holds ? "false" : "true")
            case .expression(let expression) where ["true", "false"].contains(expression.text):
                return port != expression.text && ["true", "false"].contains(port)
            default: return false
            }
        case "logic:switch":
            guard case .literal(.array(let cases))? = binding("cases"), !cases.isEmpty, port.hasPrefix("case_") else {
                return false
            }
            return !cases.contains { "case_\($0.string ?? $0.text)" == port }
        default: return false
        }
    }

    /// Reports what runs for nothing, where the graph says what its results are.
    private mutating func checkUse(_ isDead: [Bool]) {
        guard nodes.contains(where: { $0.type.family == "output" }) else { return }
        var used: Set<Int> = []
        for node in nodes where node.type.kind == .output || node.type.hasSideEffects || node.outputs.isEmpty {
            used.formUnion(node.ancestors)
        }
        // An error that ends the run is an effect too, and so is what decides about one.
        for (place, node) in nodes.enumerated()
        where !used.contains(place) && !isDead[place] && !node.isDisabled && !node.isImplied
            && node.type.family != "trigger"
        {
            report(
                .unreachableNode,
                "No result depends on \(node.label).",
                fix: "Connect it to what leads to a result, or remove it.",
                node: node.id
            )
        }
    }
}
