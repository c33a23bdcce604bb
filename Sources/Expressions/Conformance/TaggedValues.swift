public import Values

extension CELValue {
    /// Reads a value that names its type, such as `{"int": "5"}` or `{"map": [[{"string": "a"}, {"null": true}]]}`.
    public init?(tagged json: JSON) {
        guard let member = json.object?.first else { return nil }
        let value: CELValue? =
            switch (member.key, member.value) {
            case ("null", _): .null
            case ("bool", .bool(let value)): .bool(value)
            case ("int", .string(let text)): Int64(text).map { .int($0) }
            case ("uint", .string(let text)): UInt64(text).map { .uint($0) }
            case ("double", .string(let text)): Double(text).map { .double($0) }
            case ("string", .string(let text)): .string(text)
            case ("bytes", .array(let octets)): Self.octets(octets).map { .bytes($0) }
            case ("list", .array(let elements)): Self.all(elements).map { .list($0) }
            case ("map", .array(let pairs)): Self.map(pairs)
            case ("timestamp", .array(let parts)):
                Self.parts(parts).flatMap { CELTimestamp(seconds: $0, nanoseconds: Int32(truncatingIfNeeded: $1)) }
                    .map { .timestamp($0) }
            case ("duration", .array(let parts)):
                Self.parts(parts).map { .duration(CELDuration(nanoseconds: $0 &* 1_000_000_000 &+ $1)) }
            case ("type", .string(let name)): .type(CELType(name: name))
            case ("optional", .array(let content)): Self.all(content).map { .optional($0.first) }
            default: nil
            }
        guard let value else { return nil }
        self = value
    }

    private static func octets(_ json: [JSON]) -> [UInt8]? {
        let octets = json.compactMap { $0.integer.flatMap { UInt8(exactly: $0) } }
        return octets.count == json.count ? octets : nil
    }

    private static func all(_ json: [JSON]) -> [CELValue]? {
        let values = json.compactMap { CELValue(tagged: $0) }
        return values.count == json.count ? values : nil
    }

    private static func map(_ pairs: [JSON]) -> CELValue? {
        let keys = all(pairs.map { $0[0] ?? .null })
        let values = all(pairs.map { $0[1] ?? .null })
        guard let keys, let values else { return nil }
        return CELMap(keys: keys, values: values).map { .map($0) }
    }

    private static func parts(_ json: [JSON]) -> (Int64, Int64)? {
        guard json.count == 2, let seconds = json[0].integer, let nanoseconds = json[1].integer else { return nil }
        return (seconds, nanoseconds)
    }

    /// The value with the name of its type, as ``init(tagged:)`` reads it; a value of the host is its type.
    public var tagged: JSON {
        switch self {
        case .null: ["null": true]
        case .bool(let value): ["bool": .bool(value)]
        case .int(let value): ["int": .string(String(value))]
        case .uint(let value): ["uint": .string(String(value))]
        case .double(let value): ["double": .string(String(value))]
        case .string(let value): ["string": .string(value)]
        case .bytes(let value): ["bytes": .array(value.map { .int(Int64($0)) })]
        case .list(let value): ["list": .array(value.map(\.tagged))]
        case .map(let value): ["map": .array(value.entries.map { .array([$0.key.tagged, $0.value.tagged]) })]
        case .timestamp(let value): ["timestamp": .array([.int(value.seconds), .int(Int64(value.nanoseconds))])]
        case .duration(let value):
            ["duration": .array([.int(value.nanoseconds / 1_000_000_000), .int(value.nanoseconds % 1_000_000_000)])]
        case .type(let value): ["type": .string(value.name)]
        case .optional(let value): ["optional": .array(value.map { [$0.tagged] } ?? [])]
        case .host(let value): ["host": .string(value.typeName)]
        }
    }

    /// Whether both are equal and of the same types throughout; NaN is the same as NaN.
    func isSame(as other: CELValue) -> Bool {
        switch (self, other) {
        case (.double(let a), .double(let b)): a == b && a.sign == b.sign || a.isNaN && b.isNaN
        case (.list(let a), .list(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.isSame(as: $1) }
        case (.map(let a), .map(let b)):
            a.count == b.count
                && a.entries.allSatisfy { entry in
                    b.entries.contains { $0.key.isSame(as: entry.key) && $0.value.isSame(as: entry.value) }
                }
        case (.optional(let a?), .optional(let b?)): a.isSame(as: b)
        default: type == other.type && self == other
        }
    }
}
