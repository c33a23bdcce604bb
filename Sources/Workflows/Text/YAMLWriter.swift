public import Values

extension JSON {
    /// The value as a YAML document in block style, indented by two spaces a level.
    ///
    /// Readers of YAML 1.2 and of YAML 1.1 find the same value in it: what one of them would take for a number, a date or
    /// a word such as `no` is quoted. A text of several lines is written in lines of its own where that loses nothing.
    public var yamlText: String {
        var writer = YAMLWriter()
        writer.write(self, indent: 0, after: .nothing)
        return writer.text + "\n"
    }
}

/// Appends values to a YAML text.
struct YAMLWriter {
    /// What stands before a value on its line.
    enum Lead {
        /// Nothing: the value begins a document or a line of its own.
        case nothing
        /// `key:`
        case key
        /// `-`
        case dash
    }

    private(set) var text = ""
    private let allowsLiteral: Bool
    private let lineBreak: String

    /// An empty text.
    ///
    /// - Parameters:
    ///   - allowsLiteral: Whether texts of several lines may be written with `|`.
    ///   - lineBreak: What ends a line.
    init(allowsLiteral: Bool = true, lineBreak: String = "\n") {
        self.allowsLiteral = allowsLiteral
        self.lineBreak = lineBreak
    }

    /// Appends a value without a line break at its end; lines that it begins are indented by so many spaces.
    mutating func write(_ value: JSON, indent: Int, after lead: Lead) {
        switch value {
        case .object(let object) where !object.isEmpty:
            for (place, member) in object.enumerated() {
                begin(place, indent, lead)
                writeMember(member.key, member.value, indent: indent)
            }
        case .array(let elements) where !elements.isEmpty:
            for (place, element) in elements.enumerated() {
                begin(place, indent, lead)
                text += "-"
                write(element, indent: indent + 2, after: .dash)
            }
        case .string(let string):
            if lead != .nothing { text += " " }
            if allowsLiteral, let lines = Self.literalLines(string) {
                text += string.utf8.last == UInt8(ascii: "\n") ? "|" : "|-"
                // Without indentation a line of the text could be taken for the end of the document.
                let margin = max(indent, 2)
                for line in lines {
                    text += lineBreak
                    if !line.isEmpty { text += String(repeating: " ", count: margin) + line }
                }
            } else {
                text += Self.scalar(string, inFlow: false)
            }
        default:
            if lead != .nothing { text += " " }
            text += Self.flow(value)
        }
    }

    /// Appends `key: value`.
    mutating func writeMember(_ key: String, _ value: JSON, indent: Int) {
        text += Self.key(key, inFlow: false)
        // A longer key must be announced (YAML 1.2, section 7.4.2: at most 1024 characters without).
        if text.utf8.last != UInt8(ascii: ":") { text += lineBreak + String(repeating: " ", count: indent) + ":" }
        write(value, indent: indent + 2, after: .key)
    }

    private mutating func begin(_ place: Int, _ indent: Int, _ lead: Lead) {
        switch (place, lead) {
        case (0, .nothing): break
        case (0, .dash): text += " "
        default: text += lineBreak + String(repeating: " ", count: indent)
        }
    }

    // MARK: On one line

    /// A value on one line, with brackets and braces.
    static func flow(_ value: JSON) -> String {
        switch value {
        case .string(let string): scalar(string, inFlow: true)
        case .array(let elements): "[\(elements.map(flow).joined(separator: ", "))]"
        case .object(let object):
            "{\(object.map { "\(key($0.key, inFlow: true)) \(flow($0.value))" }.joined(separator: ", "))}"
        case .double:
            // Readers of YAML 1.1 take an exponent without a point for a text.
            number(value.text)
        default: value.text
        }
    }

    private static func number(_ text: String) -> String {
        guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
        return "\(text[..<exponent]).0\(text[exponent...])"
    }

    /// A key with its colon; a very long one with a question mark instead, its colon being left to the caller in blocks.
    private static func key(_ name: String, inFlow: Bool) -> String {
        let text = scalar(name, inFlow: inFlow)
        guard text.utf8.count > 1000 else { return text + ":" }
        return inFlow ? "? \(text) :" : "? \(text)"
    }

    /// A text on one line, with quotes where they are needed.
    static func scalar(_ string: String, inFlow: Bool) -> String {
        isPlain(string, inFlow: inFlow) ? string : quoted(string)
    }

    /// Whether every reader takes the text for itself without quotes.
    private static func isPlain(_ string: String, inFlow: Bool) -> Bool {
        guard let first = string.unicodeScalars.first,
            first.properties.isAlphabetic || "_/(".unicodeScalars.contains(first)
        else { return false }
        var previous = first
        for scalar in string.unicodeScalars {
            guard isPrintable(scalar) else { return false }
            if inFlow, ",[]{}:?".unicodeScalars.contains(scalar) { return false }
            if previous == ":", scalar == " " { return false }
            if previous == " ", scalar == "#" { return false }
            previous = scalar
        }
        return previous != ":" && previous != " " && !reservedWords.contains(string.lowercased())
    }

    /// Words that YAML 1.1 or 1.2 take for something else than a text.
    private static let reservedWords: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where isPrintable(scalar): text.unicodeScalars.append(scalar)
            default: text += escape(scalar.value)
            }
        }
        return text + "\""
    }

    private static func escape(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
        return "\\" + letter + String(repeating: "0", count: width - digits.count) + digits
    }

    /// Whether the character may stand unescaped in a line (YAML 1.1, section 4.1, the narrower rule; no line breaks).
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2028, 0x2029, 0xFEFF: false
        case 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    /// The lines of a text that can be written with `|`; `nil` when it has one line, or would not come back the same.
    private static func literalLines(_ string: String) -> [String]? {
        var lines = [""]
        for scalar in string.unicodeScalars {
            if scalar == "\n" {
                lines.append("")
            } else if isPrintable(scalar) {
                lines[lines.count - 1].unicodeScalars.append(scalar)
            } else {
                return nil
            }
        }
        guard lines.count > 1 else { return nil }
        if lines.last == "" { lines.removeLast() }
        // Blank lines at the ends and leading spaces of the first line would need further marks.
        guard let first = lines.first, let last = lines.last, !first.isEmpty, !last.isEmpty,
            first.unicodeScalars.first != " ",
            lines.allSatisfy({ $0.isEmpty || $0.unicodeScalars.contains { $0 != " " } })
        else { return nil }
        return lines
    }
}
