import Crypto
import EventLoop
import HTTPServer
import HTTPValues
import Storage
public import Values

extension APIServer {
    /// POST /auth/sign-in.
    func signIn(_ exchange: Exchange) async throws -> Reply {
        let fields = try await SignInFields(exchange, known: ["email", "password"])
        let email = try fields.email()
        let password = try fields.text("password", atMost: PasswordHash.longestPassword)
        let (person, address) = Self.subjects(email, exchange.client)
        if let until = try await stored({
            try await self.database.countSignIn(person: person, address: address, at: exchange.now)
        }) {
            throw Self.locked(until: until, at: exchange.now)
        }
        let known = try await stored { try await self.database.person(email: email) }
        let isRight = try await passwords.verify(known?.password, is: password)
        guard let known, isRight,
            let member = try await stored({ try await self.database.firstMembership(of: known.id) })
        else {
            if let known { noteFailure(of: known, exchange) }
            throw APIError(.invalidCredentials, "The e-mail address or the password is wrong.")
        }
        let (token, session) = try Self.newSession(member, at: exchange.now)
        let record = exchange.audit(known.id.description, by: (member.account, known.id.description))
        try await stored {
            try await self.database.signIn(session, person: person, address: address, recording: record)
        }
        return signedIn(session, token, exchange)
    }

    /// POST /auth/sign-out.
    func signOut(_ exchange: Exchange) async throws -> Reply {
        guard let session = exchange.principal?.session else { throw Self.noSession }
        let record = exchange.audit(session.member.person.id.description)
        try await stored { try await self.database.endBrowserSession(session.hash, recording: record) }
        sessions.forget()
        return .empty(headers: ["set-cookie": "\(SessionRing.cookie)=; Max-Age=0\(cookieSuffix(exchange))"])
    }

    /// GET /auth/session.
    func showSession(_ exchange: Exchange) async throws -> Reply {
        guard let session = exchange.principal?.session else { throw Self.noSession }
        return .json(describe(session))
    }

    /// PUT /auth/password: ends all other sessions.
    func changePassword(_ exchange: Exchange) async throws -> Reply {
        guard let session = exchange.principal?.session else { throw Self.noSession }
        let fields = try await SignInFields(exchange, known: ["currentPassword", "newPassword"])
        let current = try fields.text("currentPassword", atMost: PasswordHash.longestPassword)
        let new = try fields.newPassword("newPassword")
        let member = session.member
        let (person, address) = Self.subjects(member.person.email, exchange.client)
        if let until = try await stored({
            try await self.database.countSignIn(person: person, address: address, at: exchange.now)
        }) {
            throw Self.locked(until: until, at: exchange.now)
        }
        let known = try await stored { try await self.database.member(member.person.id, of: member.account) }
        guard try await passwords.verify(known?.person.password, is: current) else {
            throw APIError(.invalidCredentials, "The current password is wrong.")
        }
        let hash = try await passwords.hash(new)
        let record = exchange.audit(member.person.id.description)
        _ = try await stored {
            try await self.database.setPassword(
                hash,
                of: member.person.id,
                keeping: session.hash,
                recording: record
            )
        }
        try await stored { try await self.database.forgetSignIns(person: person, address: address) }
        sessions.forget()
        return .empty()
    }

    /// POST /auth/password-reset: takes the token of a link that `millrace people reset-password` has printed.
    func resetPassword(_ exchange: Exchange) async throws -> Reply {
        let fields = try await SignInFields(exchange, known: ["token", "password"])
        let token = try fields.text("token")
        let password = try fields.newPassword()
        let used = APIError(.invalidAccessToken, "The link is not valid any more. Ask for a new one.")
        guard let tokenHash = KeyRing.hash(of: token),
            let person = try await stored({ try await self.database.personToReset(tokenHash, at: exchange.now) }),
            let member = try await stored({ try await self.database.firstMembership(of: person) })
        else { throw used }
        let hash = try await passwords.hash(password)
        let record = exchange.audit(person.description, by: (member.account, person.description))
        let isSet = try await stored {
            try await self.database.usePasswordReset(tokenHash, hash, of: person, recording: record)
        }
        guard isSet else { throw used }
        sessions.forget()
        return .empty()
    }

    // MARK: Parts

    /// What a new session says, with its cookie.
    func signedIn(_ session: BrowserSession, _ token: String, _ exchange: Exchange, status: Int = 200) -> Reply {
        let age = Int(BrowserSession.longest.components.seconds)
        let cookie = "\(SessionRing.cookie)=\(token); Max-Age=\(age)\(cookieSuffix(exchange))"
        return .json(describe(session), status: status, headers: ["set-cookie": cookie])
    }

    /// A session that begins, and the token that only the browser has.
    static func newSession(
        _ member: MemberRow,
        at now: Instant
    ) throws(APIError) -> (token: String, BrowserSession) {
        let (token, hash) = try OneTimeToken.make()
        return (token, BrowserSession(hash: hash, member: member, at: now))
    }

    private func describe(_ session: BrowserSession) -> JSON {
        let member = session.member
        return [
            "person": [
                "id": .string(member.person.id.description), "email": .string(member.person.email),
                "name": .string(member.person.name),
            ],
            "accountId": .string(member.account.description), "role": .string(member.role.rawValue),
            "scopes": .array(member.role.scopes.map(JSON.string)),
            "csrfToken": .string(sessions.csrfToken(session)), "createdAt": .string(session.createdAt.description),
            "expiresAt": .string(session.expiresAt.description),
        ]
    }

    private func cookieSuffix(_ exchange: Exchange) -> String { exchange.cookieSuffix(configuration.publicURL) }

    /// Nobody waits for the record, so that a known person is not answered later than an unknown one.
    private func noteFailure(of person: PersonRow, _ exchange: Exchange) {
        Task(executorPreference: exchange.request.loop) {
            guard let member = try? await self.database.firstMembership(of: person.id) else { return }
            var record = exchange.audit(person.id.description, by: (member.account, person.id.description))
            record.outcome = .failed
            try? await self.database.insert(record)
        }
    }

    /// What tries are counted for: an address of mail, known or not, and an address of a network.
    private static func subjects(_ email: String, _ client: IPAddress) -> (person: String, address: String) {
        // People type passwords into the wrong field; and one network of IPv6 is one client.
        let network: IPAddress =
            if case .v6(let high, _) = client { .v6(high: high, low: 0) } else { client }
        return ("email \(SHA256.hash(email).hex)", "address \(network)")
    }

    private static func locked(until: Instant, at now: Instant) -> APIError {
        let seconds = max(1, (until - now).wholeMilliseconds / 1000 + 1)
        var error = APIError(
            .signInLocked,
            "Signing in has failed too often. Try again in \(seconds) seconds.",
            ["retryAfter": .int(seconds)]
        )
        error.headers["retry-after"] = "\(seconds)"
        return error
    }

    static var noSession: APIError {
        APIError(.invalidSession, "This needs a person who has signed in; an API key cannot do it.")
    }
}

/// A token that stands in a link or a cookie and is stored as its hash.
public enum OneTimeToken {
    /// 32 random bytes as text, and the hash that is stored.
    public static func make() throws(APIError) -> (token: String, hash: ContentHash) {
        var random = SystemRandomNumberGenerator()
        let token = Base64.encode((0..<32).map { _ in random.next() as UInt8 }, .url)
        guard let hash = KeyRing.hash(of: token) else {
            throw APIError(.internalError, "The token could not be hashed.")
        }
        return (token, hash)
    }
}
