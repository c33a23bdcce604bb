import Expressions
import Values

/// Why a part of an n8n node has no exact counterpart.
struct Untranslated: Error {
    var code = ImportWarningCode.settingNotTranslated
    /// What has none.
    let message: String

    static func expression(_ text: some StringProtocol) -> Untranslated {
        Untranslated(code: .expressionNotTranslated, message: "The expression \(text.prefix(120)) is not translated.")
    }
}

/// A parameter of n8n as CEL: a value that stands there, an expression, or a text with expressions in it.
///
/// Only paths are read, never evaluated as JavaScript: `$json.a["b"][0]`, `$('Name').item.json.a` and the like. All else
/// is refused, so that no value is ever silently another one.
struct N8nExpression {
    /// What the names of an expression stand for at one node.
    struct Names {
        /// What `$json` is; `nil` where there is no item.
        var json: String?
        /// Whether the node has one item only, so that the first is this one.
        var isSingle: Bool
        /// What `$itemIndex` is.
        var index: String?
        /// What the item of another node is, by the node's name.
        var item: (_ node: String, _ isFirst: Bool) throws(Untranslated) -> String
    }

    enum Part {
        case text(String)
        case expression(String)
    }

    let parts: [Part]

    /// - Throws: ``Untranslated`` for whatever is no path.
    init(_ value: JSON, _ names: Names) throws(Untranslated) {
        guard let text = value.string, text.hasPrefix("=") else {
            parts = [.expression(try Self.literal(value))]
            return
        }
        var rest = text.dropFirst()
        var parts: [Part] = []
        while let start = rest.firstRange(of: "{{") {
            guard let end = rest[start.upperBound...].firstRange(of: "}}") else { throw .expression(text) }
            if start.lowerBound > rest.startIndex { parts.append(.text(String(rest[..<start.lowerBound]))) }
            var reader = N8nPathReader(String(rest[start.upperBound..<end.lowerBound]), names)
            parts.append(.expression(try reader.expression()))
            rest = rest[end.upperBound...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts.isEmpty ? [.text("")] : parts
    }

    /// The value as one CEL expression; a text of several parts is joined.
    var cel: String {
        if parts.count == 1, case .expression(let text) = parts[0] { return text }
        return parts.map { part in
            switch part {
            case .text(let text): JSON.string(text).text
            case .expression(let text): "string(\(text))"
            }
        }
        .joined(separator: " + ")
    }

    /// The value as a text template.
    var template: String {
        parts.map { part in
            switch part {
            case .text(let text): Self.escaped(text)
            case .expression(let text): "{{ \(text) }}"
            }
        }
        .joined()
    }

    /// A text in which nothing is read as a template.
    static func escaped(_ text: String) -> String { text.replacing("{{", with: #"{{ "{{" }}"#) }

    /// A value as CEL writes it.
    static func literal(_ value: JSON) throws(Untranslated) -> String {
        switch value {
        case .digits: throw Untranslated(message: "The number \(value.text.prefix(60)) is too large.")
        case .uint: return "\(value.text)u"
        case .array(let items):
            var texts: [String] = []
            for item in items { texts.append(try literal(item)) }
            return "[\(texts.joined(separator: ", "))]"
        case .object(let object):
            var texts: [String] = []
            for member in object { texts.append("\(JSON.string(member.key).text): \(try literal(member.value))") }
            return "{\(texts.joined(separator: ", "))}"
        default: return value.text
        }
    }
}

/// Reads the text between `{{` and `}}` of n8n.
struct N8nPathReader {
    private let text: [Character]
    private let names: N8nExpression.Names
    private var place = 0

    init(_ text: String, _ names: N8nExpression.Names) {
        self.text = Array(text)
        self.names = names
    }

    private var whole: Untranslated {
        .expression(String(text).split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }

    mutating func expression() throws(Untranslated) -> String {
        skipSpace()
        let result = try root()
        skipSpace()
        guard place == text.count else { throw whole }
        return result
    }

    private mutating func root() throws(Untranslated) -> String {
        if take("$json") { return try path(from: try item()) }
        if take("$input.item.json") { return try path(from: try item()) }
        if take("$input.first().json") {
            guard names.isSingle else { throw whole }
            return try path(from: try item())
        }
        if take("$node[") {
            let name = try quoted()
            guard take("].json") else { throw whole }
            return try path(from: try names.item(name, false))
        }
        if take("$(") {
            let name = try quoted()
            guard take(")") else { throw whole }
            if take(".item.json") { return try path(from: try names.item(name, false)) }
            if take(".first().json") { return try path(from: try names.item(name, true)) }
            throw whole
        }
        if take("$execution.id") { return "run.id" }
        if take("$workflow.id") { return "run.workflowId" }
        if take("$itemIndex") {
            guard let index = names.index else { throw whole }
            return index
        }
        if take("$now") { return "now()" }
        if take("$env.") || take("$vars.") {
            guard let name = identifier() else { throw whole }
            return "vars\(Self.step(name))"
        }
        return try constant()
    }

    private func item() throws(Untranslated) -> String {
        guard let json = names.json else { throw whole }
        return json
    }

    private mutating func path(from start: String) throws(Untranslated) -> String {
        var result = start
        while place < text.count {
            if take(".") {
                // A property that every value of JavaScript has is no member of the data.
                guard let name = identifier(), !Self.builtIn.contains(name) else { throw whole }
                result += Self.step(name)
            } else if take("[") {
                if place < text.count, text[place] == "\"" || text[place] == "'" {
                    result += "[\(JSON.string(try quoted()).text)]"
                } else {
                    guard let index = digits() else { throw whole }
                    result += "[\(index)]"
                }
                guard take("]") else { throw whole }
            } else {
                break
            }
        }
        return result
    }

    private static let builtIn: Set<String> = ["length", "constructor", "prototype", "__proto__"]

    /// A member as it follows a value in CEL.
    static func step(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        guard isPlain, let first = name.first, !first.isNumber, !["true", "false", "null", "in"].contains(name) else {
            return "[\(JSON.string(name).text)]"
        }
        return ".\(name)"
    }

    // MARK: Constants

    private mutating func constant() throws(Untranslated) -> String {
        guard place < text.count else { throw whole }
        if text[place] == "\"" || text[place] == "'" { return JSON.string(try quoted()).text }
        let rest = String(text[place...].prefix { !$0.isWhitespace })
        guard ["true", "false", "null"].contains(rest) || (try? JSON(parsing: rest))?.number != nil,
            let value = try? JSON(parsing: rest)
        else { throw whole }
        place += rest.count
        return try N8nExpression.literal(value)
    }

    /// A text in quotation marks without escapes.
    private mutating func quoted() throws(Untranslated) -> String {
        guard place < text.count, text[place] == "\"" || text[place] == "'" else { throw whole }
        let mark = text[place]
        guard let end = text[(place + 1)...].firstIndex(of: mark) else { throw whole }
        let inner = text[(place + 1)..<end]
        guard !inner.contains("\\"), !inner.contains(where: \.isNewline) else { throw whole }
        place = end + 1
        return String(inner)
    }

    private mutating func identifier() -> String? {
        let start = place
        while place < text.count, text[place].isLetter || text[place].isNumber || "_$".contains(text[place]) {
            place += 1
        }
        guard place > start, !text[start].isNumber else { return nil }
        return String(text[start..<place])
    }

    private mutating func digits() -> Int? {
        let start = place
        while place < text.count, text[place].isASCII, text[place].isNumber { place += 1 }
        return place - start <= 9 ? Int(String(text[start..<place])) : nil
    }

    private mutating func skipSpace() {
        while place < text.count, text[place].isWhitespace { place += 1 }
    }

    /// Reads a fixed text; one that ends in a letter must not go on as a longer name.
    private mutating func take(_ wanted: String) -> Bool {
        let characters = Array(wanted)
        guard text.count - place >= characters.count, text[place..<(place + characters.count)].elementsEqual(characters)
        else { return false }
        let next = place + characters.count
        if let last = characters.last, last.isLetter, next < text.count,
            text[next].isLetter || text[next].isNumber || "_$".contains(text[next])
        {
            return false
        }
        place = next
        return true
    }
}
