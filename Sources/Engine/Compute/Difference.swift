import Values

/// Where two JSON values differ.
enum Difference {
    /// The most places that are listed.
    private static var maximum: Int { 100 }

    /// The places in order, each with its JSON pointer and with the value of each side that has one.
    static func list(_ a: JSON, _ b: JSON) -> JSON {
        var found: [JSON] = []
        collect(a, b, "", &found)
        return .array(found)
    }

    private static func collect(_ a: JSON?, _ b: JSON?, _ path: String, _ found: inout [JSON]) {
        guard found.count < maximum, a != b else { return }
        switch (a, b) {
        case (.object(let left)?, .object(let right)?):
            for member in left { collect(member.value, right[member.key], path + "/" + escaped(member.key), &found) }
            for member in right where left[member.key] == nil {
                collect(nil, member.value, path + "/" + escaped(member.key), &found)
            }
        case (.array(let left)?, .array(let right)?):
            for place in 0..<max(left.count, right.count) {
                let mine = left.indices.contains(place) ? left[place] : nil
                let other = right.indices.contains(place) ? right[place] : nil
                collect(mine, other, "\(path)/\(place)", &found)
            }
        default:
            var entry: JSONObject = ["path": .string(path)]
            if let a { entry["a"] = a }
            if let b { entry["b"] = b }
            found.append(.object(entry))
        }
    }

    private static func escaped(_ name: String) -> String { name.jsonPointerStep }
}

extension String {
    /// The name as one step of a JSON pointer (RFC 6901).
    var jsonPointerStep: String {
        contains { $0 == "~" || $0 == "/" }
            ? split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
                .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1") : self
    }
}
