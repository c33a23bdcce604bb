import Workflows
import Catalog
import Expressions
import Values

extension Computation {
    /// The nodes that make lists, and that take them in one piece.
    static var lists: [String: Function] {
        [
            "iterator:list": listItems,
            "iterator:collect": collectItems,
            "iterator:split_text": splitText,
            "iterator:range": countRange,
            "iterator:batch": batchItems,
            "iterator:product": combine,
            "iterator:reduce": reduceItems,
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
        return ["items": .list(stride(from: start, to: end, by: step).map { .json(JSON(number: $0)) })]
    }

    private static func batchItems(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        guard let size = context.number("size").flatMap(Int.init(exactly:)), (1...ComputeContext.maximumItems) ~= size
        else { throw context.invalid("size must be a whole number from 1 to \(ComputeContext.maximumItems).") }
        let items = context.items("items")
        let batches = stride(from: 0, to: items.count, by: size).map { start in
            Value.json(.array(items[start..<min(start + size, items.count)].map(\.asJSON)))
        }
        return ["batches": .list(batches)]
    }

    /// Every combination of one item of each list: of an object of lists as objects, of a list of lists as lists.
    private static func combine(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let lists = context.inputs["lists"]?.asJSON ?? .null
        let names = lists.object?.keys
        let columns = (lists.object?.map(\.value) ?? lists.array ?? []).map(\.array)
        let known = columns.compactMap { $0 }
        guard !columns.isEmpty, known.count == columns.count else {
            throw context.invalid("lists must be an object of lists, or a list of lists.")
        }
        var count = 1
        for column in known {
            count *= column.count
            guard count <= ComputeContext.maximumItems else {
                throw context.invalid("there are more than \(ComputeContext.maximumItems) combinations.")
            }
        }
        var rows: [[JSON]] = [[]]
        for column in known { rows = rows.flatMap { row in column.map { row + [$0] } } }
        let items = rows.map { row -> JSON in
            guard let names else { return .array(row) }
            return .object(JSONObject(zip(names, row).map { JSONObject.Member(key: $0, value: $1) }))
        }
        return ["items": .list(items.map(Value.json))]
    }

    private static func reduceItems(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        var value = context.parameters["initial"] ?? .null
        var work = ComputeContext.itemWork
        for (index, item) in context.items("items").enumerated() {
            let next = try context.evaluate("expression", item: item, index: index, value: value, work: &work)
            do {
                value = try next?.json() ?? value
            } catch {
                throw NodeError("expression_error", "\(context.node.label), expression, item \(index): \(error)")
            }
            // The whole value is read and written again for each item.
            work -= value.size
            guard work >= 0 else {
                throw context.invalid("carrying so large a value through so many items is too much work.")
            }
            guard value.depth <= 64 else { throw context.invalid("the value nests deeper than 64 levels.") }
        }
        return ["value": .json(value)]
    }
}
