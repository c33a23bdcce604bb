import HTTPServer
import HTTPValues

extension Exchange {
    /// The tags of the answers that the client has already.
    var knownTags: [Substring] {
        (request.headers["if-none-match"] ?? "").split(separator: ",").map { part in
            part.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
        }
    }

    /// Whether the client has the answer of that tag already: `If-None-Match` compares weakly (RFC 9110, section 13.1.2).
    func hasCopy(of tag: String) -> Bool {
        guard let sent = request.headers["if-none-match"] else { return false }
        if sent == tag { return true }
        let wanted = tag.withoutWeakness
        return knownTags.contains { $0 == "*" || $0.withoutWeakness == wanted }
    }
}

extension StringProtocol {
    fileprivate var withoutWeakness: Self.SubSequence { hasPrefix("W/") ? dropFirst(2) : self[...] }
}
