/// A JSON value as defined by RFC 8259, with ordered members and numbers that lose no digit of a 64-bit integer.
///
/// Numbers are kept in the narrowest exact form: ``int(_:)``, then ``uint(_:)`` above 2^63 − 1, ``double(_:)`` for
/// fractions and exponents, ``digits(_:)`` for integers beyond 64 bits. Equality compares numbers by value.
public enum JSON: Sendable {
    /// The literal `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// An integer from −2^63 to 2^63 − 1.
    case int(Int64)
    /// An integer from 2^63 to 2^64 − 1.
    case uint(UInt64)
    /// A finite number with a fraction or an exponent.
    case double(Double)
    /// The text of an integer that fits in no 64-bit type.
    case digits(String)
    /// A text.
    case string(String)
    /// An ordered list.
    case array([JSON])
    /// Ordered members with distinct names.
    case object(JSONObject)
}

extension JSON: Hashable {
    /// Whether both are the same value; the number 1 equals 1.0, and the order of members does not count.
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.uint(let a), .uint(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.digits(let a), .digits(let b)): a == b
        case (.int(let a), .double(let b)), (.double(let b), .int(let a)): Int64(exactly: b) == a
        case (.uint(let a), .double(let b)), (.double(let b), .uint(let a)): UInt64(exactly: b) == a
        default: false
        }
    }

    /// Feeds the value into a hasher so that equal numbers hash alike.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .int(let value): hasher.combine(value)
        case .uint(let value): hasher.combine(value)
        case .double(let value):
            if let whole = Int64(exactly: value) {
                hasher.combine(whole)
            } else if let whole = UInt64(exactly: value) {
                hasher.combine(whole)
            } else {
                hasher.combine(value)
            }
        case .digits(let value): hasher.combine(value)
        case .string(let value): hasher.combine(value)
        case .array(let value): hasher.combine(value)
        case .object(let value): hasher.combine(value)
        }
    }
}

// MARK: Literals

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int64) { self = .int(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A list.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object whose members keep the written order; a repeated name keeps its last value.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member(key: $0.0, value: $0.1) }))
    }
    /// The literal `null`.
    public init(nilLiteral: ()) { self = .null }
}

// MARK: Access

extension JSON {
    /// The member of that name, or `nil` when this is no object or has no such member.
    public subscript(name: String) -> JSON? {
        guard case .object(let object) = self else { return nil }
        return object[name]
    }

    /// The element at that place, or `nil` when this is no list or is shorter.
    public subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// The text, or `nil` when this is another kind of value.
    public var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The Boolean, or `nil` when this is another kind of value.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The whole number, or `nil` when this is no number, has a fraction, or is beyond 64 bits.
    public var integer: Int64? {
        switch self {
        case .int(let value): value
        case .double(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// The nearest double, or `nil` when this is no number.
    public var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .uint(let value): Double(value)
        case .double(let value): value
        case .digits(let value): Double(value)
        default: nil
        }
    }

    /// The elements, or `nil` when this is no list.
    public var array: [JSON]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The members, or `nil` when this is no object.
    public var object: JSONObject? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// Whether this is the literal `null`.
    public var isNull: Bool {
        guard case .null = self else { return false }
        return true
    }

    /// The kind of value in one English word, for messages: `null`, `boolean`, `number`, `text`, `list` or `object`.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .int, .uint, .double, .digits: "number"
        case .string: "text"
        case .array: "list"
        case .object: "object"
        }
    }

    /// The number of lists and objects on the longest way from this value to a leaf; a scalar has 0.
    public var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.lazy.map(\.depth).max() ?? 0)
        case .object(let object): 1 + (object.lazy.map(\.value.depth).max() ?? 0)
        default: 0
        }
    }
}
