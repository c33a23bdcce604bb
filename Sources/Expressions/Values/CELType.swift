/// A type as a value, as `type(x)` gives it.
public struct CELType: Hashable, Sendable, CustomStringConvertible {
    /// The name, such as `int` or `google.protobuf.Timestamp`.
    public let name: String

    /// The type of that name.
    public init(name: String) {
        self.name = name
    }

    /// The type of `null`.
    public static let null = CELType(name: "null_type")
    /// The type of `true` and `false`.
    public static let bool = CELType(name: "bool")
    /// The type of signed integers.
    public static let int = CELType(name: "int")
    /// The type of unsigned integers.
    public static let uint = CELType(name: "uint")
    /// The type of numbers with a fraction.
    public static let double = CELType(name: "double")
    /// The type of texts.
    public static let string = CELType(name: "string")
    /// The type of octets.
    public static let bytes = CELType(name: "bytes")
    /// The type of lists.
    public static let list = CELType(name: "list")
    /// The type of maps.
    public static let map = CELType(name: "map")
    /// The type of types.
    public static let type = CELType(name: "type")
    /// The type of moments.
    public static let timestamp = CELType(name: "google.protobuf.Timestamp")
    /// The type of spans of time.
    public static let duration = CELType(name: "google.protobuf.Duration")
    /// The type of optionals.
    public static let optional = CELType(name: "optional_type")

    /// The types an expression can name.
    static let named: [String: CELType] = {
        let types = [
            null, bool, int, uint, double, string, bytes, list, map, type, timestamp, duration, optional,
        ]
        return Dictionary(uniqueKeysWithValues: types.map { ($0.name, $0) })
    }()

    /// The name.
    public var description: String { name }
}
