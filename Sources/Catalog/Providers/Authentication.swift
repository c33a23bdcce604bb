public import Expressions

/// One way to prove to a vendor who calls.
public struct Authentication: Sendable {
    /// What is added to a call.
    public enum Entry: Sendable {
        /// A header with a text that may hold secrets.
        case header(String, JSONTemplate)
        /// A header with a token that is minted for the call (RFC 7519, HS256).
        case token(Token)
    }

    /// A token that is signed with a secret.
    public struct Token: Sendable {
        /// The header that carries it.
        public let header: String
        /// What stands before it in the header.
        public let prefix: String
        /// The secret it is signed with.
        public let key: JSONTemplate
        /// What it says.
        public let claims: JSONTemplate
    }

    /// The secrets without which this way cannot be taken.
    public let needs: [String]
    /// What is added to a call.
    public let entries: [Entry]

    /// The ways of `auth` or `authAny`, best first.
    static func ways(_ reader: ManifestReader) throws(ManifestError) -> [Authentication] {
        guard reader.value("authAny") != nil else {
            let entries = try reader.list("auth", entry)
            return entries.isEmpty ? [] : [Authentication(needs: [], entries: entries)]
        }
        if reader.value("auth") != nil { throw reader.error("authAny", "cannot stand beside auth") }
        var ways: [Authentication] = []
        for way in try reader.readers("authAny") {
            try way.allow(["needs", "auth"])
            let entries = try way.list("auth", entry)
            if entries.isEmpty { throw way.error("auth", "must hold at least one entry") }
            ways.append(Authentication(needs: try way.strings("needs"), entries: entries))
        }
        return ways
    }

    private static func entry(_ reader: ManifestReader) throws(ManifestError) -> Entry {
        let header = try reader.string("header")
        guard let hook = try reader.optionalString("hook") else {
            try reader.allow(["header", "value"])
            return .header(header, try reader.textTemplate("value", ManifestScope.auth))
        }
        guard hook == "jwt" else { throw reader.error("hook", "must be jwt, the one way to mint a token so far") }
        try reader.allow(["hook", "alg", "key", "claims", "renewBeforeMs", "header", "prefix"])
        guard try reader.string("alg") == "HS256" else { throw reader.error("alg", "must be HS256") }
        _ = try reader.optionalInteger("renewBeforeMs")
        guard let claims = try reader.optionalObjectTemplate("claims", ManifestScope.auth) else {
            throw reader.error("claims", "is missing")
        }
        return .token(
            Token(
                header: header,
                prefix: try reader.optionalString("prefix") ?? "",
                key: try reader.textTemplate("key", ManifestScope.auth),
                claims: claims
            )
        )
    }
}
