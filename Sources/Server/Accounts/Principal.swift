import Storage
import Values

/// Who asks: an API key, a person who has signed in, or a link that stands for one thing.
struct Principal: Sendable {
    /// What proves it.
    enum Proof: Sendable {
        /// An API key.
        case key(APIKeyRow)
        /// The session of a person in a browser.
        case session(BrowserSession)
        /// The token of a link.
        case link
    }

    /// What proves it.
    let proof: Proof
    /// The account it acts for.
    let account: AccountID
    /// What it may do; `*` is everything.
    let scopes: [String]

    /// An API key.
    init(_ key: APIKeyRow) { (proof, account, scopes) = (.key(key), key.account, key.scopes) }

    /// A person who has signed in.
    init(_ session: BrowserSession) {
        (proof, account) = (.session(session), session.member.account)
        scopes = session.member.role.scopes
    }

    /// A link to something of an account.
    init(linkOf account: AccountID) { (proof, self.account, scopes) = (.link, account, []) }

    /// The name in the audit log and where it is said who did something: that of a key or a person, or `link`.
    var actor: String {
        switch proof {
        case .key(let key): key.id.description
        case .session(let session): session.member.person.id.description
        case .link: "link"
        }
    }

    /// The API key.
    var key: APIKeyRow? {
        guard case .key(let key) = proof else { return nil }
        return key
    }

    /// The session.
    var session: BrowserSession? {
        guard case .session(let session) = proof else { return nil }
        return session
    }

    /// Whether its runs are answered by the sandbox and cost nothing.
    var isTest: Bool { key?.isTest ?? false }

    /// Whether it has a scope.
    func allows(_ scope: String) -> Bool { scopes.contains("*") || scopes.contains(scope) }

    /// - Throws: ``APIError`` when it lacks the scope.
    func require(_ scope: String) throws(APIError) {
        guard !allows(scope) else { return }
        let name =
            switch proof {
            case .key: "This key lacks"
            case .session(let session): "Your role \(session.member.role.rawValue) lacks"
            case .link: "This link lacks"
            }
        throw APIError(
            .insufficientScope,
            "\(name) the scope \(scope).",
            ["requiredScope": .string(scope)]
        )
    }

    /// Nobody gives what he does not have.
    ///
    /// - Throws: ``APIError`` when it lacks one of the scopes.
    func requireAll(_ scopes: [String]) throws(APIError) {
        for scope in scopes { try require(scope) }
    }
}

extension APIServer {
    /// The scopes that a key may have (contract §3.1).
    static let scopes = [
        "workflows:read", "workflows:write", "workflows:execute", "executions:read", "executions:write", "usage:read",
        "usage:write", "apps:execute", "models:read", "approvals:write", "callbacks:write", "secrets:write",
        "keys:admin", "members:read", "members:admin", "audit:read", "*",
    ]
}

extension MemberRole {
    private static let viewing = [
        "workflows:read", "executions:read", "models:read", "usage:read", "members:read",
    ]
    private static let operating =
        viewing + ["workflows:execute", "executions:write", "apps:execute", "approvals:write"]

    /// What it allows; `*` is everything.
    var scopes: [String] {
        switch self {
        case .owner: ["*"]
        case .admin: APIServer.scopes.filter { $0 != "*" }
        case .editor: Self.operating + ["workflows:write", "callbacks:write"]
        case .operator: Self.operating
        case .viewer: Self.viewing
        }
    }
}
