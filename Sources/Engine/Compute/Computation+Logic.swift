import Workflows
import Catalog
import Expressions
import Values

extension Computation {
    /// The nodes that decide which way a run goes.
    static var logic: [String: Function] {
        [
            "logic:if": decide,
            "logic:switch": choose,
            "logic:router": route,
            "logic:merge": mergeInputs,
            "logic:filter": filterItems,
            "logic:compare": compareValues,
            "logic:stop_error": stopError,
            "logic:length_gate": lengthGate,
            // The engine runs these itself, see Step+Containers.swift and Step+Quality.swift.
            "logic:loop": nothing, "logic:try": nothing, "logic:gate": nothing,
        ]
    }

    private static func decide(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        guard let holds = context.parameters["condition"]?.bool else { throw undecided(context) }
        return [holds ? "true" : "false": context.inputs["value"] ?? .json(.bool(holds))]
    }

    private static func choose(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let value = context.inputs["value"] ?? .json(context.parameters["on"] ?? .null)
        let key = Conversion.text(of: context.parameters["on"] ?? value.asJSON)
        let cases = (context.parameters["cases"]?.array ?? []).map(Conversion.text)
        let isWired = cases.isEmpty && context.node.output("case_\(key)") != nil
        return [cases.contains(key) || isWired ? "case_\(key)" : "default": value]
    }

    private static func route(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        context.parameters["condition"]?.bool == false
            ? [:] : ["value": context.inputs["value"] ?? .json(.null)]
    }

    private static func mergeInputs(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        merge(context)
    }

    private static func filterItems(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        var kept: [Value] = []
        var work = ComputeContext.itemWork
        for (index, item) in context.items("items").enumerated() {
            guard let holds = try context.evaluate("condition", item: item, index: index, work: &work)?.bool else {
                throw undecided(context)
            }
            if holds { kept.append(item) }
        }
        return ["items": .list(kept)]
    }

    private static func compareValues(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let left = (context.inputs["a"] ?? .json(.null)).asJSON
        let right = (context.inputs["b"] ?? .json(.null)).asJSON
        return ["equal": .json(.bool(left == right)), "diff": .json(Difference.list(left, right))]
    }

    private static func stopError(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        throw NodeError("stopped_by_node", context.text("message") ?? "\(context.node.label) stops the run.")
    }

    private static func lengthGate(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let text = context.text("text") ?? ""
        let least = context.number("min") ?? 0
        let most = max(least, context.number("max") ?? .infinity)
        return [(least...most).contains(Double(text.count)) ? "true" : "false": .text(text)]
    }

    private static func undecided(_ context: ComputeContext) -> NodeError {
        NodeError("expression_error", "\(context.node.label): the condition gives neither true nor false.")
    }

    private static func merge(_ context: ComputeContext) -> [String: Value] {
        let items = context.items("inputs")
        guard let first = items.first else { return ["items": .list([])] }
        switch context.word("mode") ?? "all" {
        case "append":
            let joined = Value.list(items.flatMap(\.elements))
            return ["value": joined, "items": joined]
        case "zip":
            let lists = items.map(\.elements)
            let rows = (0..<(lists.map(\.count).min() ?? 0)).map { place in
                JSON.array(lists.map { $0[place].asJSON })
            }
            return ["value": .json(.array(rows)), "items": .list(rows.map(Value.json))]
        case "all" where items.count > 1: return ["value": .list(items), "items": .list(items)]
        default: return ["value": first, "items": .list(items)]
        }
    }
}
