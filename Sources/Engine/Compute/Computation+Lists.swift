import Workflows
import Catalog
import Values

extension Computation {
    /// The nodes that make lists, and that take them in one piece.
    static var lists: [String: Function] {
        [
            "iterator:list": listItems,
            "iterator:collect": collectItems,
            "iterator:split_text": splitText,
            "iterator:range": countRange,
        ]
    }

    private static func listItems(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        ["items": .list(context.items("data"))]
    }

    private static func collectItems(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        ["items": .list(context.items("item"))]
    }

    private static func splitText(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        ["items": .list(split(context))]
    }

    private static func countRange(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let start = context.number("start") ?? 0
        let step = context.number("step") ?? 1
        guard let end = context.number("end"), step != 0, abs((end - start) / step) <= 10_000 else {
            throw NodeError(
                .invalidInput,
                "\(context.node.label): a range needs an end, a step other than 0, and at most 10,000 numbers."
            )
        }
        return ["items": .list(stride(from: start, to: end, by: step).map { .json(.double($0)) })]
    }
}
