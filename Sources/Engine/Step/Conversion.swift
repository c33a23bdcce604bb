public import Values

/// The conversions between port types (contract §9.3).
public enum Conversion {
    /// One value as another type.
    ///
    /// - Parameters:
    ///   - value: The value; a list is no single value.
    ///   - from: The type of the port it comes from.
    ///   - to: The type of the port it goes to.
    /// - Returns: The value in a form that the type takes.
    /// - Throws: ``NodeError`` with the code `conversion_failed`.
    public static func convert(_ value: Value, from: PortType, to: PortType) throws(NodeError) -> Value {
        switch (value, to) {
        case (_, .any), (.list, _): return value
        case (.json(let json), .text): return .json(.string(text(of: json)))
        case (.json(let json), .json):
            guard from == .text, let text = json.string else { return value }
            return .json(try parse(text))
        case (.json(let json), .number): return .json(try number(json))
        case (.json(let json), .boolean): return .json(try boolean(json))
        case (.media(let media), .text): return .json(.string(media.path))
        case (.media(let media), .json): return .json(media.described)
        case (.media, .file): return value
        case (.media(let media), _) where media.portType == to || media.portType == .file: return value
        case (.media(let media), _):
            throw NodeError("conversion_failed", "\(media.mimeType) cannot be used as \(to.rawValue).")
        case (.json(let json), _):
            throw NodeError(
                "conversion_failed",
                "A \(json.kind) cannot be used as \(to.rawValue): pass media from a node, or the address of stored media."
            )
        }
    }

    /// A JSON value as text: a text as it is, everything else as compact JSON.
    public static func text(of json: JSON) -> String {
        json.string ?? json.text
    }

    private static func parse(_ text: String) throws(NodeError) -> JSON {
        do {
            return try JSON(parsing: unfenced(text))
        } catch {
            throw NodeError("conversion_failed", "The text is no JSON: \(error)")
        }
    }

    /// The text without the Markdown code fence that models like to put around JSON.
    private static func unfenced(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let open = lines.firstIndex(where: { $0.trimmed.hasPrefix("```") }),
            let close = lines.lastIndex(where: { $0.trimmed == "```" }), open < close,
            lines[..<open].allSatisfy({ $0.trimmed.isEmpty })
        else { return text }
        return lines[(open + 1)..<close].joined(separator: "\n")
    }

    private static func number(_ json: JSON) throws(NodeError) -> JSON {
        if json.number != nil { return json }
        guard let text = json.string, let parsed = try? JSON(parsing: String(Substring(text).trimmed)),
            parsed.number != nil
        else { throw NodeError("conversion_failed", "\(json.shortText) is no number.") }
        return parsed
    }

    private static func boolean(_ json: JSON) throws(NodeError) -> JSON {
        switch json {
        case .bool: return json
        case .string("true"): return .bool(true)
        case .string("false"): return .bool(false)
        default: throw NodeError("conversion_failed", "\(json.shortText) is neither true nor false.")
        }
    }
}

extension JSON {
    /// The compact text, cut after 60 characters, for messages.
    var shortText: String {
        let text = self.text
        return text.count > 60 ? text.prefix(60) + "…" : text
    }
}

extension MediaReference {
    /// The media as the contract's media value, with the path of the bytes.
    public var described: JSON {
        guard var object = json.object else { return json }
        object["url"] = .string(path)
        return .object(object)
    }
}

extension Substring {
    /// Without spaces, tabs and line ends before and after.
    var trimmed: Substring {
        var text = self
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
