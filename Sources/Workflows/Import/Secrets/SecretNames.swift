/// What the names of members, header fields and query parameters say of their values.
enum SecretNames {
    /// Whether a value under that name is a secret anywhere.
    static func isSecret(_ name: String) -> Bool {
        let plain = plain(name)
        if harmless.contains(where: plain.contains) { return false }
        return plain == "auth" || parts.contains(where: plain.contains)
    }

    /// Whether a query parameter of that name is a secret.
    static func isSecretInQuery(_ name: String) -> Bool {
        isSecret(name) || ["key", "sig", "signature", "code", "pass", "pw", "pwd"].contains(plain(name))
    }

    /// Whether even a number under that name is a secret.
    static func isPassword(_ name: String) -> Bool {
        let plain = plain(name)
        return ["password", "passwd", "passphrase", "apikey", "clientsecret"].contains { plain.hasSuffix($0) }
    }

    /// Whether a header field of that name never holds a secret.
    static func isSafeHeader(_ name: String) -> Bool {
        let name = name.lowercased()
        return safeHeaders.contains(name) || safePrefixes.contains { name.hasPrefix($0) }
    }

    /// The name of the secret that is needed in the place of a value.
    static func variable(_ name: String) -> String {
        let letters = name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        let words = String(letters).split(separator: "_").joined(separator: "_").prefix(60)
        guard let first = words.first else { return "SECRET" }
        return words == "KEY" ? "API_KEY" : first.isNumber ? "SECRET_\(words)" : String(words)
    }

    private static func plain(_ name: String) -> String { name.lowercased().filter { $0.isASCII && $0.isLetter } }

    private static let parts = [
        "authorization", "cookie", "token", "secret", "password", "passwd", "passphrase", "apikey", "accesskey",
        "privatekey", "authkey", "subscriptionkey", "bearer",
    ]
    /// Names of numbers of tokens and of places where secrets are to be had.
    private static let harmless = [
        "tokens", "tokeniz", "tokencount", "tokenlimit", "tokentype", "tokenurl", "tokennormalization", "secretname",
    ]
    private static let safeHeaders: Set<String> = [
        "age", "allow", "connection", "date", "etag", "expect", "host", "idempotency-key", "last-modified", "location",
        "origin", "pragma", "prefer", "range", "referer", "retry-after", "user-agent", "vary", "x-requested-with",
        "anthropic-version", "anthropic-beta", "x-github-api-version", "notion-version",
        // What settings around header fields are called.
        "parameters", "parameter", "entries", "name", "value", "type", "label", "id", "",
    ]
    private static let safePrefixes = ["accept", "access-control-", "cache-control", "content-", "if-"]
}
