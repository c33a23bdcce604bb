/// A value of the Common Expression Language.
///
/// Two values are equal when CEL says so: 1, 1u and 1.0 are equal, NaN equals nothing, texts are compared code point by
/// code point.
public enum CELValue: Sendable {
    /// The literal `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A signed integer.
    case int(Int64)
    /// An unsigned integer.
    case uint(UInt64)
    /// A number with a fraction; every JSON number of at most 53 bits is one.
    case double(Double)
    /// A text.
    case string(String)
    /// Octets.
    case bytes([UInt8])
    /// Values in order.
    case list(CELList)
    /// Values by key.
    case map(CELMap)
    /// A moment.
    case timestamp(CELTimestamp)
    /// A span of time.
    case duration(CELDuration)
    /// A type, such as `int`.
    case type(CELType)
    /// A value that may be absent; `nil` is the empty optional.
    indirect case optional(CELValue?)
    /// A value only the host understands: media, or an opaque such as a secret.
    indirect case host(any HostValue)
}

extension CELValue {
    /// A list of these values.
    public static func list(_ elements: [CELValue]) -> CELValue { .list(CELList(elements)) }

    /// The empty optional.
    public static var none: CELValue { .optional(nil) }

    /// The value itself, the content of an optional, or `nil` for the empty optional.
    public var unwrapped: CELValue? {
        guard case .optional(let content) = self else { return self }
        return content?.unwrapped
    }

    /// The Boolean, or `nil` when this is another kind of value.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The text, or `nil` when this is another kind of value.
    public var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The nearest double, or `nil` when this is no number.
    public var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .uint(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// The number as a signed integer, or `nil` when this is no number, has a fraction, or is beyond 64 bits.
    public var integer: Int64? {
        switch self {
        case .int(let value): value
        case .uint(let value): Int64(exactly: value)
        case .double(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// The type of the value as CEL's `type()` gives it.
    public var type: CELType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .list: .list
        case .map: .map
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        case .optional: .optional
        case .host(let value): CELType(name: value.typeName)
        }
    }

    /// Whether this is the zero of its type: null, false, 0, an empty text, list or map, the year 1970, no time.
    var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let value): !value
        case .int(let value): value == 0
        case .uint(let value): value == 0
        case .double(let value): value == 0
        case .string(let value): value.isEmpty
        case .bytes(let value): value.isEmpty
        case .list(let value): value.isEmpty
        case .map(let value): value.isEmpty
        case .timestamp(let value): value == CELTimestamp.epoch
        case .duration(let value): value.nanoseconds == 0
        case .optional(let content): content == nil
        case .type, .host: false
        }
    }
}

extension CELValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A signed integer.
    public init(integerLiteral value: Int64) { self = .int(value) }
    /// A number with a fraction.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A list.
    public init(arrayLiteral elements: CELValue...) { self = .list(CELList(elements)) }
    /// A map with texts as keys; a repeated key keeps its last value.
    public init(dictionaryLiteral elements: (String, CELValue)...) {
        self = .map(CELMap(elements.map { CELMap.Member(key: $0.0, value: $0.1) }))
    }
}
