public import Values

/// A place where two values differ.
public struct ValueDifference: Sendable, Hashable {
    /// The names of members and numbers of elements that lead to the place.
    public var path: [String]
    /// The value before; `nil` when there was none.
    public var old: JSON?
    /// The value after; `nil` when there is none.
    public var new: JSON?

    /// The path as people write it: `data.config.items[2]`.
    public var place: String {
        var text = ""
        for name in path {
            text += Int(name) != nil ? "[\(name)]" : text.isEmpty ? name : ".\(name)"
        }
        return text
    }

    /// The difference as contract §12 shows it; `from` or `to` is missing where there is no value.
    public var json: JSON {
        var object: JSONObject = ["path": .string(place)]
        if let old { object["from"] = old }
        if let new { object["to"] = new }
        return .object(object)
    }

    /// The difference in one line.
    public var text: String {
        switch (old, new) {
        case (nil, let new?): "+ \(place): \(new.shortText)"
        case (let old?, nil): "- \(place): \(old.shortText)"
        case (let old, let new): "~ \(place): \(old?.shortText ?? "") -> \(new?.shortText ?? "")"
        }
    }

    /// Where two values differ, down to the single member; lists of different lengths differ as wholes.
    static func between(_ old: JSON, _ new: JSON, at path: [String] = []) -> [ValueDifference] {
        switch (old, new) {
        case (.object(let before), .object(let after)):
            let names = before.keys + after.keys.filter { before[$0] == nil }
            return names.flatMap { name -> [ValueDifference] in
                switch (before[name], after[name]) {
                case (let old?, let new?): between(old, new, at: path + [name])
                case (let old, let new): [ValueDifference(path: path + [name], old: old, new: new)]
                }
            }
        case (.array(let before), .array(let after)) where before.count == after.count:
            return before.indices.flatMap { between(before[$0], after[$0], at: path + ["\($0)"]) }
        default: return old == new ? [] : [ValueDifference(path: path, old: old, new: new)]
        }
    }
}

extension JSON {
    /// The compact text, cut in the middle where it is long.
    fileprivate var shortText: String {
        let text = text
        guard text.count > 120 else { return text }
        return "\(text.prefix(80)) … \(text.suffix(30))"
    }
}
