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
        guard let first = text.utf8.first else { return .string(text) }
        let mayBeNumber =
            first == UInt8(ascii: "-") || first == UInt8(ascii: "+") || first == UInt8(ascii: ".")
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        guard mayBeNumber else { return .string(text) }
        if text.hasPrefix("0x"), let number = Int64(text.dropFirst(2), radix: 16) { return .int(number) }
        if text.hasPrefix("0o"), let number = Int64(text.dropFirst(2), radix: 8) { return .int(number) }
        let plain = text.hasPrefix("+") ? String(text.dropFirst()) : text
        if let number = try? JSON(parsing: plain), number.number != nil { return number }
        return .string(text)
    }
}
