import HTTPValues
import Server
import Storage
import Testing
import Values

/// The set-up, sessions, passwords, members and invitations (contract §3.1 and §3.7).
@Suite(.timeLimit(.minutes(5)))
struct SignInTests {
    @Test(arguments: DatabaseKind.available)
    func `the first person is made once, with the token of the server`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        #expect(try await bench.ask(.get, "//setup").status == 200)
        var body: JSONObject = ["name": "Ada", "email": "ada@example.com", "password": .string(ServerBench.password)]
        for token: JSON? in [nil, "", "wrong"] {
            body["token"] = token
            let refused = try await bench.ask(.post, "/setup", .object(body))
            #expect(refused.status == 401 && refused.code == "invalid_setup_token")
        }
        let ada = try await bench.setUp()
        let session = try await ada.ask(.get, "/auth/session")
        #expect(session.json["role"] == "owner" && session.json["scopes"] == ["*"])
        #expect(try await bench.ask(.get, "//setup").status == 404)
        body["token"] = .string(bench.server.setupToken)
        #expect(try await bench.ask(.post, "/setup", .object(body)).status == 404)
    }

    @Test func `a session does what its person may do, and changes only with its token`() async throws {
        let bench = try await ServerBench()
        let ada = try await bench.setUp()
        #expect(try await ada.ask(.get, "/workflows").status == 200)
        let cookie: HTTPFields = ["cookie": ada.cookie]
        for headers in [cookie, ["cookie": ada.cookie, "x-csrf-token": "wrong"]] {
            let refused = try await bench.ask(.post, "/workflows/lint", ["nodes": []], headers: headers)
            #expect(refused.status == 403 && refused.code == "invalid_csrf_token")
        }
        #expect(try await ada.ask(.post, "/api-keys", ["name": "mine"]).status == 201)
        #expect(try await ada.ask(.post, "/auth/sign-out").status == 204)
        let over = try await ada.ask(.get, "/workflows")
        #expect(over.status == 401 && over.code == "invalid_session")
        // A session is no key, and a key no session.
        #expect(try await bench.ask(ServerBench.key, .get, "/auth/session").code == "invalid_session")
    }

    @Test func `a session ends after a week without use, and after a month in any case`() async throws {
        let bench = try await ServerBench()
        let ada = try await bench.setUp()
        for _ in 0..<4 {
            bench.clock.pass(.seconds(6 * 86_400))
            #expect(try await ada.ask(.get, "/auth/session").status == 200)
            // The use is noted beside the answer.
            while try await ada.ask(.get, "/auth/session").json["expiresAt"]?.string ?? ""
                < (bench.clock.now + .seconds(5 * 86_400)).description
            {
                bench.clock.pass(.seconds(6))
            }
        }
        bench.clock.pass(.seconds(6 * 86_400))
        #expect(try await ada.ask(.get, "/auth/session").code == "invalid_session")
        let again = try bench.browser(try await bench.signIn("ada@example.com"))
        bench.clock.pass(.seconds(7 * 86_400 + 10))
        #expect(try await again.ask(.get, "/auth/session").code == "invalid_session")
    }

    @Test(arguments: DatabaseKind.available)
    func `a person who exists and one who does not are refused alike, and wait alike`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        _ = try await bench.setUp()
        var seen: [[String?]] = []
        for email in ["ada@example.com", "nobody@example.com"] {
            var codes: [String?] = []
            for _ in 0..<11 { codes.append(try await bench.signIn(email, "wrong password").code) }
            seen.append(codes)
        }
        #expect(seen[0] == seen[1])
        #expect(seen[0].prefix(10).allSatisfy { $0 == "invalid_credentials" } && seen[0].last == "sign_in_locked")
        let locked = try await bench.signIn("ada@example.com")
        #expect(locked.status == 429 && Int(locked.headers["retry-after"] ?? "").map { $0 > 0 } == true)
        bench.clock.pass(.seconds(31))
        #expect(try await bench.signIn("ADA@example.com").status == 200)
        #expect(try await bench.signIn("ada@example.com", "wrong password").code == "invalid_credentials")
    }

    @Test func `an address that fails for many people has to wait, others do not`() async throws {
        let bench = try await ServerBench()
        _ = try await bench.setUp()
        func sign(_ email: String, from peer: String) async throws -> ServerBench.Plain {
            try await bench.ask(
                .post,
                "/auth/sign-in",
                ["email": .string(email), "password": .string(ServerBench.password)],
                from: peer
            )
        }
        var codes: [String] = []
        for number in 0..<60 where codes.last != "sign_in_locked" {
            codes.append(try await sign("p\(number)@example.com", from: "192.0.2.7").code ?? "")
        }
        #expect(codes.last == "sign_in_locked" && codes.count > 5, "\(codes)")
        #expect(try await sign("ada@example.com", from: "192.0.2.7").code == "sign_in_locked")
        #expect(try await sign("ada@example.com", from: "192.0.2.8").status == 200)
    }

    @Test func `a password that is changed ends the other sessions`() async throws {
        let bench = try await ServerBench()
        let ada = try await bench.setUp()
        let other = try bench.browser(try await bench.signIn("ada@example.com"))
        let wrong = try await ada.ask(
            .put,
            "/auth/password",
            ["currentPassword": "wrong", "newPassword": "another long one"]
        )
        #expect(wrong.code == "invalid_credentials")
        let short = try await ada.ask(
            .put,
            "/auth/password",
            ["currentPassword": .string(ServerBench.password), "newPassword": "short"]
        )
        #expect(short.code == "invalid_field")
        let changed = try await ada.ask(
            .put,
            "/auth/password",
            ["currentPassword": .string(ServerBench.password), "newPassword": "another long one"]
        )
        #expect(changed.status == 204, "\(changed.json.text)")
        #expect(try await ada.ask(.get, "/auth/session").status == 200)
        #expect(try await other.ask(.get, "/auth/session").status == 401)
        #expect(try await bench.signIn("ada@example.com").status == 401)
        #expect(try await bench.signIn("ada@example.com", "another long one").status == 200)
    }

    @Test func `the link of an operator sets a password once, and ends the sessions`() async throws {
        let bench = try await ServerBench()
        let ada = try await bench.setUp()
        let (token, hash) = try OneTimeToken.make()
        let person = try #require(PersonID(ada.person))
        try await bench.database.insertReset(
            hash,
            of: person,
            until: bench.clock.now + .seconds(60),
            recording: AuditRecord(
                id: AuditID(high: 1, low: 1),
                account: ServerBench.account,
                at: bench.clock.now,
                actor: "command line",
                address: nil,
                action: "offerPasswordReset",
                resource: ada.person,
                request: nil
            )
        )
        let body: JSON = ["token": .string(token), "password": "another long one"]
        #expect(try await bench.ask(.post, "/auth/password-reset", body).status == 204)
        #expect(try await ada.ask(.get, "/auth/session").status == 401)
        #expect(try await bench.signIn("ada@example.com", "another long one").status == 200)
        let again = try await bench.ask(.post, "/auth/password-reset", body)
        #expect(again.status == 401 && again.code == "invalid_access_token")
    }

    @Test func `a cookie travels only over TLS where there is some`() async throws {
        let bench = try await ServerBench(proxies: ["10.0.0.0/8"])
        _ = try await bench.setUp()
        for (peer, isSecure) in [("10.1.2.3", true), ("192.0.2.1", false)] {
            let answer = try await bench.ask(
                .post,
                "/auth/sign-in",
                ["email": "ada@example.com", "password": .string(ServerBench.password)],
                headers: ["x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.4"],
                from: peer
            )
            let cookie = try #require(answer.headers["set-cookie"])
            #expect(cookie.contains("; HttpOnly; SameSite=Lax"))
            #expect(cookie.hasSuffix("; Secure") == isSecure)
        }
    }
}
