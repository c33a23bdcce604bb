public import Values
public import YAML

extension JSON {
    /// The JSON value of a YAML document by the core schema of YAML 1.2 (section 10.3.2).
    ///
    /// - Throws: ``YAMLError`` for a key that is no scalar or stands twice.
    public init(yaml node: YAMLNode) throws(YAMLError) {
        switch node {
        case .scalar(let text, let isPlain, _): self = isPlain ? Self.resolved(text) : .string(text)
        case .sequence(let items, _):
            var elements: [JSON] = []
            for item in items { elements.append(try JSON(yaml: item)) }
            self = .array(elements)
        case .mapping(let pairs, _):
            var object = JSONObject()
            for pair in pairs {
                guard case .scalar(let key, _, let extent) = pair.key else {
                    throw YAMLError(reason: "A key must be a text", position: pair.key.position)
                }
                guard object[key] == nil else {
                    throw YAMLError(reason: "The key \(key) stands twice", position: extent.start)
                }
                object[key] = try JSON(yaml: pair.value)
            }
            self = .object(object)
        }
    }

    private static func resolved(_ text: String) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        return number(text) ?? .string(text)
    }

    /// The number of a plain scalar: decimal as `-.5`, `5.` or `007`, with an exponent, or whole as `0x1F` and `0o17`.
    private static func number(_ text: String) -> JSON? {
        for (prefix, radix) in [("0x", 16), ("0o", 8)] where text.hasPrefix(prefix) {
            let digits = text.dropFirst(2)
            guard digits.utf8.first.map({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) == true else {
                return nil
            }
            return Int64(digits, radix: radix).map(JSON.int) ?? UInt64(digits, radix: radix).map(JSON.uint)
        }
        var rest = text.utf8[...]
        func takeDigits() -> String {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest[digits.endIndex...]
            return String(decoding: digits, as: UTF8.self)
        }
        let sign = rest.first
        let isNegative = sign == UInt8(ascii: "-")
        if isNegative || sign == UInt8(ascii: "+") { rest.removeFirst() }
        let whole = takeDigits()
        var fraction = ""
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = takeDigits()
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        // JSON wants a digit on both sides of the point, and no zeros before the first.
        let plain = whole.drop { $0 == "0" }
        let mantissa = (plain.isEmpty ? "0" : String(plain)) + (fraction.isEmpty ? "" : ".\(fraction)")
        let number = try? JSON(parsing: (isNegative ? "-" : "") + mantissa + String(decoding: rest, as: UTF8.self))
        return number?.number == nil ? nil : number
    }
}
