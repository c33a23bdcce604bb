import Catalog
import JSONSchemas
import Values
import Workflows

extension Computation {
    /// The nodes that order, count and check what others made.
    static var collections: [String: Function] {
        [
            "utility:sort": sortItems,
            "utility:unique": uniqueItems,
            "utility:group": groupItems,
            "utility:aggregate": aggregateItems,
            "utility:json_merge": mergeObjects,
            "utility:schema_validate": validate,
            "utility:math": calculate,
        ]
    }

    // MARK: Lists

    private static func sortItems(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let items = context.items("items")
        let keys = try context.keys("by", of: items)
        let isDescending = context.word("order") == "descending"
        for (place, key) in keys.enumerated() where SortKey(key) == nil {
            throw context.invalid("item \(place) is sorted by \(key.shortText), which is no number, text or Boolean.")
        }
        let order = items.indices.sorted { left, right in
            guard let a = SortKey(keys[left]), let b = SortKey(keys[right]), a != b else { return left < right }
            // What has no value stands last in both orders.
            if a == .none || b == .none { return b == .none }
            return isDescending ? b < a : a < b
        }
        return ["items": .list(order.map { items[$0] })]
    }

    private static func uniqueItems(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let items = context.items("items")
        var seen: Set<JSON> = []
        let keys = try context.keys("by", of: items)
        return ["items": .list(zip(items, keys).filter { seen.insert($0.1).inserted }.map(\.0))]
    }

    private static func groupItems(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let items = context.items("items")
        var names: [String] = []
        var groups: [String: [JSON]] = [:]
        for (item, key) in zip(items, try context.keys("by", of: items)) {
            let name = Conversion.text(of: key)
            if groups[name] == nil { names.append(name) }
            groups[name, default: []].append(item.asJSON)
        }
        let members = names.map { JSONObject.Member(key: $0, value: .array(groups[$0] ?? [])) }
        return ["groups": .json(.object(JSONObject(members)))]
    }

    private static func aggregateItems(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let keys = try context.keys("value", of: context.items("items"))
        var numbers: [Double] = []
        for (place, key) in keys.enumerated() where !key.isNull {
            guard let number = key.number else {
                throw context.invalid("item \(place) gives \(key.shortText), which is no number.")
            }
            numbers.append(number)
        }
        let sum = numbers.reduce(0, +)
        guard sum.isFinite else { throw context.invalid("the sum is too large.") }
        let exact = wholeSum(keys)
        func json(_ number: Double?) -> JSON { number.map(JSON.init(number:)) ?? .null }
        return [
            "data": .json([
                "count": .int(Int64(keys.count)), "sum": exact.map(JSON.int) ?? json(sum),
                "average": json(numbers.isEmpty ? nil : (exact.map { Double($0) } ?? sum) / Double(numbers.count)),
                "min": extreme(keys) { $0 < $1 }, "max": extreme(keys) { $1 < $0 },
            ])
        ]
    }

    /// The sum of whole numbers to the last digit; `nil` when one is not whole or the sum is beyond 64 bits.
    private static func wholeSum(_ keys: [JSON]) -> Int64? {
        var sum: Int64 = 0
        for key in keys where !key.isNull {
            guard case .int(let whole) = key else { return nil }
            let (next, isBeyond) = sum.addingReportingOverflow(whole)
            guard !isBeyond else { return nil }
            sum = next
        }
        return sum
    }

    private static func extreme(_ keys: [JSON], _ comesFirst: (SortKey, SortKey) -> Bool) -> JSON {
        keys.filter { !$0.isNull }.min { left, right in
            guard let a = SortKey(left), let b = SortKey(right) else { return false }
            return comesFirst(a, b)
        } ?? .null
    }

    // MARK: Objects

    private static func mergeObjects(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let isDeep = context.word("mode") != "shallow"
        var merged = JSONObject()
        for (place, item) in context.items("items").enumerated() {
            guard let object = item.asJSON.object else {
                throw context.invalid("item \(place) is a \(item.asJSON.kind); only objects can be merged.")
            }
            merged = merge(merged, object, isDeep: isDeep)
        }
        return ["data": .json(.object(merged))]
    }

    /// One object over another: members of both that are objects are merged where that is wanted, all else replaces.
    private static func merge(_ lower: JSONObject, _ upper: JSONObject, isDeep: Bool) -> JSONObject {
        var merged = lower
        for member in upper {
            if isDeep, let old = merged[member.key]?.object, let new = member.value.object {
                merged[member.key] = .object(merge(old, new, isDeep: true))
            } else {
                merged[member.key] = member.value
            }
        }
        return merged
    }

    private static func validate(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let data = context.inputs["data"]?.asJSON ?? .null
        let problems: [JSONSchema.Problem]
        do {
            problems = try JSONSchema(context.parameters["schema"] ?? .bool(true)).problems(in: data)
        } catch {
            throw context.invalid("schema \(error)")
        }
        if let first = problems.first, context.word("onInvalid") != "report" {
            let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
            throw context.invalid("the data does not fit the schema: \(first)\(more).")
        }
        let errors = problems.map { JSON.object(["path": .string($0.path), "message": .string($0.reason)]) }
        return ["data": .json(data), "errors": .json(.array(errors))]
    }

    // MARK: Numbers

    private static func calculate(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let numbers = context.node.inputs.compactMap { context.number($0.port.id) }
        guard let first = numbers.first else { throw context.invalid("needs a number at a.") }
        let others = numbers.dropFirst()
        let result: Double
        switch context.word("operation") ?? "add" {
        case "subtract": result = others.reduce(first, -)
        case "multiply": result = others.reduce(first, *)
        case "divide", "modulo":
            guard !others.contains(0) else { throw context.invalid("nothing can be divided by 0.") }
            result =
                context.word("operation") == "divide"
                ? others.reduce(first, /) : others.reduce(first) { $0 - ($0 / $1).rounded(.down) * $1 }
        case "min": result = numbers.min() ?? first
        case "max": result = numbers.max() ?? first
        case "average": result = numbers.reduce(0, +) / Double(numbers.count)
        case "round": result = first.rounded(to: Int(min(12, max(0, others.first ?? 0))))
        case "floor": result = first.rounded(.down)
        case "ceil": result = first.rounded(.up)
        case "abs": result = first.magnitude
        case "sqrt": result = first.squareRoot()
        default: result = numbers.reduce(0, +)
        }
        guard result.isFinite else { throw context.invalid("the result is no number.") }
        return ["value": .json(JSON(number: result))]
    }
}

extension Double {
    /// Rounded to so many decimals, half away from zero.
    fileprivate func rounded(to decimals: Int) -> Double {
        let factor = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
        // What has no decimals that far is its own rounding.
        return magnitude < 1e300 ? (self * factor).rounded() / factor : self
    }
}

/// What a value is sorted by: Booleans before numbers before texts, and nothing last.
private enum SortKey: Comparable {
    case flag(Bool)
    case whole(Int64)
    case number(Double)
    case text(String)
    case none

    init?(_ json: JSON) {
        switch json {
        case .null: self = .none
        case .bool(let flag): self = .flag(flag)
        case .string(let text): self = .text(text)
        case .array, .object: return nil
        case .int(let whole): self = .whole(whole)
        default: self = json.number.map(SortKey.number) ?? .none
        }
    }

    private var rank: Int {
        switch self {
        case .flag: 0
        case .whole, .number: 1
        case .text: 2
        case .none: 3
        }
    }

    static func == (left: SortKey, right: SortKey) -> Bool { !(left < right) && !(right < left) }

    static func < (left: SortKey, right: SortKey) -> Bool {
        switch (left, right) {
        case (.flag(let a), .flag(let b)): !a && b
        case (.whole(let a), .whole(let b)): a < b
        case (.whole(let a), .number(let b)): Double(a) < b
        case (.number(let a), .whole(let b)): a < Double(b)
        case (.number(let a), .number(let b)): a < b
        case (.text(let a), .text(let b)): a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
        default: left.rank < right.rank
        }
    }
}
