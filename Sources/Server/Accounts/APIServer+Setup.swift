import Crypto
import HTTPServer
import HTTPValues
import Storage
import Values

extension APIServer {
    /// The token that the set-up asks for: the same on all servers of a database and after restarts, and of no use once
    /// somebody can sign in.
    static func setupToken(_ secret: [UInt8]) -> String {
        Base64.encode(HMAC.sha256(Array("setup".utf8), key: secret), .url)
    }

    /// Whether nobody can sign in yet, so that the first person has to be made.
    public func needsSetup() async throws -> Bool {
        try await !stored { try await self.database.hasPeople() }
    }

    /// GET /setup at the root: the page, while nobody can sign in.
    func showSetup(_ exchange: Exchange) async throws -> Reply {
        guard try await needsSetup() else { throw Self.setupIsOver }
        let page = AccountPage(
            title: "Set up Millrace",
            text: "The token was printed when the server started.",
            action: "/api/v1/setup",
            button: "Create the owner",
            fields: [.token(exchange.query("token")), .name, .email, .newPassword]
        )
        return .raw(page.response())
    }

    /// POST /setup: makes the first person of all, the owner of the account.
    func setUp(_ exchange: Exchange) async throws -> Reply {
        guard try await needsSetup() else { throw Self.setupIsOver }
        let fields = try await SignInFields(exchange, known: ["token", "name", "email", "password"])
        let sent = (try? fields.text("token")) ?? ""
        guard equalInConstantTime(Array(sent.utf8), Array(setupToken.utf8)) else {
            throw APIError(
                .invalidSetupToken,
                "The token is not the one that the server printed to standard error when it started."
            )
        }
        let (name, email, password) = (try fields.name(), try fields.email(), try fields.newPassword())
        var random = SystemRandomNumberGenerator()
        let id = AccountID(at: exchange.now, random: &random)
        let account = try await stored {
            try await self.database.account(named: "default", makingIt: id, at: exchange.now)
        }
        let person = PersonRow(
            id: PersonID(at: exchange.now, random: &random),
            email: email,
            name: name,
            password: try await passwords.hash(password),
            createdAt: exchange.now
        )
        let member = MemberRow(person: person, account: account, role: .owner, createdAt: exchange.now)
        let (token, session) = try Self.newSession(member, at: exchange.now)
        let record = exchange.audit(person.id.description, by: (account, person.id.description))
        let isFirst = try await stored { try await self.database.insertFirst(member, session, recording: record) }
        guard isFirst else { throw Self.setupIsOver }
        return signedIn(session, token, exchange, status: 201)
    }

    private static var setupIsOver: APIError {
        APIError(.routeNotFound, "This server is set up. Sign in, or ask its owner for an invitation.")
    }
}
