import Catalog
import Values

extension Computation {
    /// The nodes that make lists, and that take them in one piece.
    static var lists: [String: Function] {
        [
            "iterator:list": { context throws(NodeError) in ["items": .list(context.items("data"))] },
            "iterator:collect": { context throws(NodeError) in ["items": .list(context.items("item"))] },
            "iterator:split_text": { context throws(NodeError) in ["items": .list(split(context))] },
            "iterator:range": { context throws(NodeError) in
                let start = context.number("start") ?? 0
                let step = context.number("step") ?? 1
                guard let end = context.number("end"), step != 0, abs((end - start) / step) <= 10_000 else {
                    throw NodeError(
                        .invalidInput,
                        "\(context.node.label): a range needs an end, a step other than 0, and at most 10,000 numbers.")
                }
                return ["items": .list(stride(from: start, to: end, by: step).map { .json(.double($0)) })]
            },
        ]
    }
}
