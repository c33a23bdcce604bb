import Catalog
import Crypto
import Expressions
import HTMLText
import Values
import Workflows

extension Computation {
    /// The nodes that read and rewrite texts.
    static var texts: [String: Function] {
        [
            "utility:text_join": textJoin,
            "utility:text_split": textSplit,
            "utility:text_replace": textReplace,
            "utility:regex": regex,
            "utility:hash": hash,
            "utility:base64": base64,
            "utility:date_format": dateFormat,
            "utility:html_to_text": htmlToText,
        ]
    }

    private static func textJoin(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let parts = context.items("items").map { Conversion.text(of: $0.asJSON) }
        return ["text": .text(parts.joined(separator: context.word("separator") ?? "\n"))]
    }

    private static func textSplit(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        ["items": .list(split(context))]
    }

    static func split(_ context: ComputeContext) -> [Value] {
        let separator = context.word("separator") ?? "\n"
        let text = context.text("text") ?? ""
        let parts = separator.isEmpty ? [text] : text.parts(between: separator)
        return parts.map { String(Substring($0).trimmed) }.filter { !$0.isEmpty }.map(Value.text)
    }

    private static func textReplace(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        guard let search = context.word("search"), !search.isEmpty else {
            throw NodeError(.invalidInput, "\(context.node.label): search must not be empty.")
        }
        let parts = (context.text("text") ?? "").parts(between: search)
        let growth = (context.word("replacement") ?? "").utf8.count * (parts.count - 1)
        guard growth <= ComputeContext.maximumBytes else {
            throw context.invalid("the result is larger than \(ComputeContext.maximumBytes) bytes.")
        }
        return ["text": .text(parts.joined(separator: context.word("replacement") ?? ""))]
    }

    private static func htmlToText(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let keepsLinks = context.parameters["links"]?.bool ?? false
        return ["text": .text(HTMLText(context.text("html") ?? "", keepsLinks: keepsLinks).text)]
    }

    // MARK: Patterns

    private static func regex(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let isAll = context.word("mode") == "all"
        let matches: [Pattern.Match]
        let names: [String?]
        do {
            let pattern = try Pattern(context.word("pattern") ?? "")
            names = pattern.groupNames
            let limit = isAll ? ComputeContext.maximumItems : 1
            matches = try pattern.matches(in: context.text("text") ?? "", atMost: limit)
        } catch {
            throw context.invalid("pattern: \(error)")
        }
        guard let first = matches.first else {
            if context.parameters["required"]?.bool == true { throw context.invalid("the pattern matches nowhere.") }
            return ["match": .text(""), "groups": .json(isAll ? [] : [:])]
        }
        let groups = matches.map { Self.groups(of: $0, names) }
        return ["match": .text(first.text), "groups": .json(isAll ? .array(groups) : groups[0])]
    }

    /// The whole match under the name 0, each group under its number, and under its name where it has one.
    private static func groups(of match: Pattern.Match, _ names: [String?]) -> JSON {
        var object: JSONObject = ["0": .string(match.text)]
        for (number, group) in match.groups.enumerated() {
            object["\(number + 1)"] = group.map(JSON.string) ?? .null
            if let name = names[number] { object[name] = group.map(JSON.string) ?? .null }
        }
        return .object(object)
    }

    // MARK: Bytes

    private static func hash(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let value = context.inputs["value"] ?? .json(.null)
        // Media is known by the hash of its bytes.
        let digest: [UInt8] =
            if case .media(let media) = value { media.hash.bytes } else {
                SHA256.hash(Conversion.text(of: value.asJSON))
            }
        let isHex = context.word("encoding") != "base64"
        return ["hash": .text(isHex ? digest.hex : Base64.encode(digest))]
    }

    private static func base64(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let value = context.inputs["value"] ?? .json(.null)
        if case .media = value { throw context.invalid("takes texts; media is handed to nodes as it is.") }
        let text = Conversion.text(of: value.asJSON)
        let alphabet: Base64.Alphabet = context.parameters["urlSafe"]?.bool == true ? .url : .standard
        guard context.word("mode") == "decode" else {
            return ["text": .text(Base64.encode(Array(text.utf8), alphabet))]
        }
        let digits = text.filter { !$0.isWhitespace }
        guard let bytes = Base64.decode(digits, digits.contains { "-_".contains($0) } ? .url : .standard) else {
            throw context.invalid("the text is no base 64.")
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw context.invalid("the bytes are no text in UTF-8.")
        }
        return ["text": .text(decoded)]
    }

    // MARK: Dates

    private static func dateFormat(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let given = context.inputs["date"]?.asJSON ?? .null
        guard let moment = moment(given) else {
            throw context.invalid(
                "\(given.shortText) is no date. Send 2026-11-20, 2026-11-20T14:12:09Z, or seconds since 1970."
            )
        }
        guard let pattern = DatePattern(context.word("format") ?? "yyyy-MM-dd") else {
            throw context.invalid("the format is wrong. Write letters such as yyyy-MM-dd HH:mm, and text in 'quotes'.")
        }
        let zone = context.word("timeZone") ?? "UTC"
        guard let offset = Environment.workflow.timeZones.offset(of: zone, at: moment) else {
            throw context.invalid("there is no time zone \(zone). Write Europe/Berlin, or an offset such as +02:00.")
        }
        return ["text": .text(pattern.text(of: moment, offset: offset))]
    }

    /// A date, a moment, or seconds (below 10^11) or milliseconds since 1970; as text these have 9 to 13 digits.
    private static func moment(_ json: JSON) -> CELTimestamp? {
        let digits = json.string.flatMap { text in
            (9...13).contains(text.utf8.count) && text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
                ? Double(text) : nil
        }
        if let number = json.number ?? digits {
            let milliseconds = number.magnitude < 1e11 ? number * 1000 : number
            guard milliseconds.magnitude < 1e15, milliseconds.isFinite else { return nil }
            return CELTimestamp(Instant(microseconds: Int64((milliseconds * 1000).rounded())))
        }
        guard let text = json.string else { return nil }
        let written = String(Substring(text).trimmed).replacing(" ", with: "T")
        let candidates = [written, written + "Z", written + "T00:00:00Z"]
        return candidates.lazy.compactMap { CELTimestamp($0) }.first
    }
}

extension String {
    /// The parts between a separator, which is looked for byte by byte: a line feed also after a carriage return.
    fileprivate func parts(between separator: String) -> [String] {
        utf8.split(separator: separator.utf8, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}
