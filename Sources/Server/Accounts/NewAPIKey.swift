import Crypto
public import Storage
public import Values

/// Makes API keys (contract §3.1).
public enum NewAPIKey {
    /// The scopes that a key may have.
    public static let scopes = APIServer.scopes

    /// What a key begins with whose runs the sandbox answers.
    static let testPrefix = "sk-test-"

    /// A new key: `sk-`, four characters that tell accounts apart, and 43 characters of 32 random bytes.
    ///
    /// - Parameters:
    ///   - account: The account it acts for.
    ///   - isTest: Whether its runs are answered by the sandbox and cost nothing; `test` is then in the place of the four.
    /// - Returns: The key.
    public static func make(for account: AccountID, isTest: Bool = false) -> String {
        var random = SystemRandomNumberGenerator()
        let secret = Base64.encode((0..<32).map { _ in random.next() as UInt8 }, .url)
        if isTest { return testPrefix + secret }
        let tag = Base64.encode(Array(SHA256.hash(account.description).prefix(3)), .url)
        return "sk-\(tag == "test" ? "tEST" : tag)-\(secret)"
    }

    /// What is stored of a key.
    public static func row(
        _ key: String,
        account: AccountID,
        name: String,
        scopes: [String],
        expiresAt: Instant? = nil,
        at now: Instant
    ) throws(APIError) -> APIKeyRow {
        guard let hash = KeyRing.hash(of: key) else { throw APIError(.internalError, "The key could not be hashed.") }
        var random = SystemRandomNumberGenerator()
        var row = APIKeyRow(
            id: APIKeyID(at: now, random: &random),
            account: account,
            hash: hash,
            name: name,
            last4: String(key.suffix(4)),
            scopes: scopes,
            createdAt: now,
            expiresAt: expiresAt
        )
        row.isTest = key.hasPrefix(testPrefix)
        return row
    }
}
