import Catalog
import Engine
import Values

extension ToolCall {
    /// The text at a port.
    func text(_ port: String) throws(NodeError) -> String {
        guard let text = optionalText(port), !text.allSatisfy(\.isWhitespace) else {
            throw NodeError(.invalidInput, "There is no text at \(port).")
        }
        guard text.count <= tools.limits.textCharacters else {
            throw NodeError(
                .invalidInput,
                "The text at \(port) has \(text.count) characters; at most \(tools.limits.textCharacters) are possible."
            )
        }
        return text
    }

    func optionalText(_ port: String) -> String? {
        inputs[port].map { Conversion.text(of: $0.asJSON) }
    }

    /// The media at a port.
    func media(_ port: String) throws(NodeError) -> MediaReference {
        guard let media = inputs[port]?.media.first else {
            throw NodeError(.invalidInput, "There is no media at \(port).")
        }
        return media
    }

    /// All media at a list port.
    func mediaList(_ port: String, atMost limit: Int) throws(NodeError) -> [MediaReference] {
        let list = inputs[port]?.media ?? []
        guard list.count <= limit else {
            throw NodeError(.invalidInput, "There are \(list.count) items at \(port); at most \(limit) are possible.")
        }
        return list
    }

    /// The settings of the node.
    var settings: Settings { Settings(members: parameters, place: nil) }
}

/// Values that a person has set, of a node or of an element of its data; each is checked when it is read.
struct Settings: Sendable {
    let members: [String: JSON]
    /// Where the values stand, for messages.
    let place: String?

    init(members: [String: JSON], place: String?) {
        self.members = members
        self.place = place
    }

    init(_ object: JSONObject, place: String) {
        self.init(members: Dictionary(object.map { ($0.key, $0.value) }) { first, _ in first }, place: place)
    }

    func error(_ name: String, _ reason: String) -> NodeError {
        NodeError(.invalidInput, "\(place.map { "\($0)." } ?? "")\(name) \(reason).")
    }

    func json(_ name: String) -> JSON? {
        guard let value = members[name], !value.isNull else { return nil }
        return value
    }

    func optionalNumber(_ name: String, _ range: ClosedRange<Double>) throws(NodeError) -> Double? {
        guard let value = json(name) else { return nil }
        guard let number = value.number, range.contains(number) else {
            throw error(name, "must be a number from \(range.lowerBound.short) to \(range.upperBound.short)")
        }
        return number
    }

    func number(_ name: String, _ range: ClosedRange<Double>, or standard: Double) throws(NodeError) -> Double {
        try optionalNumber(name, range) ?? standard
    }

    /// A whole number; 0 stands for none where the range begins above.
    func optionalInteger(_ name: String, _ range: ClosedRange<Int>) throws(NodeError) -> Int? {
        let wide = Double(min(0, range.lowerBound))...Double(range.upperBound)
        guard let number = try optionalNumber(name, wide).map({ Int($0.rounded()) }) else { return nil }
        if range.contains(number) { return number }
        guard number == 0 else { throw error(name, "must be at least \(range.lowerBound)") }
        return nil
    }

    func integer(_ name: String, _ range: ClosedRange<Int>, or standard: Int) throws(NodeError) -> Int {
        try optionalInteger(name, range) ?? standard
    }

    func flag(_ name: String, or standard: Bool = false) throws(NodeError) -> Bool {
        guard let value = json(name) else { return standard }
        guard let flag = value.bool else { throw error(name, "must be true or false") }
        return flag
    }

    func text(_ name: String) -> String? {
        json(name).map(Conversion.text)
    }

    /// One of a closed list of words; the first one when nothing is set.
    func word(_ name: String, _ words: [String], or standard: String? = nil) throws(NodeError) -> String {
        guard let value = json(name) else { return standard ?? words.first ?? "" }
        guard let word = value.string, words.contains(word) else {
            throw error(name, "must be one of: \(words.joined(separator: ", "))")
        }
        return word
    }

    /// A color as `#rgb`, `#rrggbb`, `#rrggbbaa` or a name of CSS; `none` is transparent.
    func color(_ name: String, or standard: String) throws(NodeError) -> String {
        guard let value = json(name) else { return standard }
        guard let color = value.string, Self.isColor(color) else {
            throw error(name, "must be a color such as #1e293b or navy")
        }
        return color.lowercased()
    }

    private static func isColor(_ text: String) -> Bool {
        guard text.first == "#" else {
            return (3...20).contains(text.utf8.count) && text.utf8.allSatisfy { (97...122).contains($0 | 32) }
        }
        return [4, 5, 7, 9].contains(text.utf8.count)
            && text.utf8.dropFirst().allSatisfy { byte in
                (48...57).contains(byte) || (97...102).contains(byte | 32)
            }
    }
}

extension Double {
    /// The number without an exponent and with at most three decimals, as programs read it.
    var short: String {
        let thousandths = Int64((self * 1000).rounded())
        let (whole, rest) = (abs(thousandths) / 1000, abs(thousandths) % 1000)
        var text = "\(thousandths < 0 ? "-" : "")\(whole)"
        guard rest > 0 else { return text }
        var digits = String(rest + 1000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        text += "." + digits
        return text
    }
}
