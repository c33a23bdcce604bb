import HTTPValues
import Server
import Testing
import Values

/// What the tests of keys, people and the audit log have in common.
extension ServerBench {
    /// A server that believes the proxies of some networks.
    convenience init(proxies: [String]) async throws {
        try await self.init(configure: { configuration in
            configuration.trustedProxies = TrustedProxies(try proxies.map { try #require(IPNetwork($0)) })
        })
    }

    /// An answer whose body may be empty.
    struct Plain {
        let status: Int
        let headers: HTTPFields
        let json: JSON
        var code: String? { json["code"]?.string }
    }

    /// Sends JSON with any header fields, from any address.
    func ask(
        _ method: HTTPMethod,
        _ path: String,
        _ body: JSON? = nil,
        headers: HTTPFields = [:],
        from peer: String = "127.0.0.1"
    ) async throws -> Plain {
        var headers = headers
        if body != nil { headers["content-type"] = "application/json" }
        let target = path.hasPrefix("//") ? String(path.dropFirst()) : "/api/v1\(path)"
        let (status, fields, bytes) = try await raw(method, target, headers, body?.bytes ?? [], from: peer)
        return Plain(status: status, headers: fields, json: (try? JSON(parsing: bytes)) ?? .null)
    }

    /// Sends JSON with a key.
    func ask(_ key: String, _ method: HTTPMethod, _ path: String, _ body: JSON? = nil) async throws -> Plain {
        try await ask(method, path, body, headers: ["authorization": "Bearer \(key)"])
    }

    /// Makes a key and gives it with what is said about it.
    func makeKey(_ body: JSON, with key: String = ServerBench.key) async throws -> (key: String, json: JSON) {
        let made = try await ask(key, .post, "/api-keys", body)
        try #require(made.status == 201, "\(made.json.text)")
        return (try #require(made.json["key"]?.string), made.json)
    }

    /// A person's browser: its cookie and its token for changes.
    struct Browser {
        let bench: ServerBench
        let cookie: String
        let csrf: String
        let person: String

        func ask(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil) async throws -> Plain {
            try await bench.ask(method, path, body, headers: ["cookie": cookie, "x-csrf-token": csrf])
        }
    }

    static let password = "correct horse battery"

    /// Makes the first person, with a session.
    func setUp(email: String = "ada@example.com") async throws -> Browser {
        try browser(
            try await ask(
                .post,
                "/setup",
                [
                    "token": .string(server.setupToken), "name": "Ada", "email": .string(email),
                    "password": .string(Self.password),
                ]
            )
        )
    }

    /// Signs in.
    func signIn(_ email: String, _ password: String = ServerBench.password) async throws -> Plain {
        try await ask(.post, "/auth/sign-in", ["email": .string(email), "password": .string(password)])
    }

    /// The session that an answer has begun.
    func browser(_ answer: Plain) throws -> Browser {
        let field = try #require(answer.headers["set-cookie"], "\(answer.json.text)")
        return Browser(
            bench: self,
            cookie: String(field.prefix { $0 != ";" }),
            csrf: try #require(answer.json["csrfToken"]?.string),
            person: try #require(answer.json["person"]?["id"]?.string)
        )
    }

    /// Invites somebody, who joins.
    func join(_ email: String, as role: String, by owner: Browser) async throws -> Browser {
        let invitation = try await owner.ask(
            .post,
            "/account/invitations",
            ["email": .string(email), "role": .string(role)]
        )
        try #require(invitation.status == 201, "\(invitation.json.text)")
        let url = try #require(invitation.json["url"]?.string)
        let token = try #require(url.split(separator: "=").last)
        let accepted = try await ask(
            .post,
            "/account/invitations/accept",
            ["token": .string(String(token)), "name": .string(email), "password": .string(Self.password)]
        )
        try #require(accepted.status == 201, "\(accepted.json.text)")
        return try browser(accepted)
    }
}

extension BenchClock {
    /// Sets the clock forward.
    func pass(_ time: Duration) { advance(by: time) }
}
