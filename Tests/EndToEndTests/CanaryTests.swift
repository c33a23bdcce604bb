import Foundation
import TestSupport
import Testing
import Values

/// What is secret is found nowhere: a canary stands in every kind of secret while all that touches them runs and fails.
@Suite(.timeLimit(.minutes(3)))
struct CanaryTests {
    /// Where the server keeps what it knows.
    enum Place: String, CaseIterable, Sendable {
        case sqlite, postgreSQL

        static var available: [Place] { TestSchema.server == nil ? [.sqlite] : allCases }
    }

    private static let password = "canary-password-7c1d"
    private static let email = "master-canary@bird.example"
    private static let keyed = ["Authorization": "Bearer \(MillraceServer.key)"]

    @Test(arguments: Place.available)
    func `a canary in every secret is found in no answer, event, log, export, metric or row`(place: Place) async throws
    {
        let schema = place == .postgreSQL ? try TestSchema() : nil
        let vendor = try await MockVendor()
        let server = try MillraceServer(
            vendor: vendor,
            arguments: schema.map { ["--database", $0.url] } ?? []
        )
        try await server.start()
        // All that nobody may find; what the server makes itself is added as it is told, once.
        var canaries = ["canary", MillraceServer.key]
        var answers: [(String, String)] = []
        func note(_ what: String, _ answer: MillraceServer.Answer) {
            answers.append((what, String(decoding: answer.body, as: UTF8.self)))
        }

        // MARK: People

        var setup: Substring?
        while setup == nil { setup = server.log.firstMatch(of: /token=([A-Za-z0-9_-]+)\s/)?.output.1 }
        let owner: JSON = [
            "token": .string(String(setup ?? "")), "name": "Bird", "email": .string(Self.email),
            "password": .string(Self.password),
        ]
        let made = try await server.post("/api/v1/setup", owner, key: nil)
        #expect(made.status == 201, "\(made.json.text)")
        note("setup", made)
        for password in [Self.password, "canary-wrong-password"] {
            let body: JSON = ["email": .string(Self.email), "password": .string(password)]
            let answer = try await server.post("/api/v1/auth/sign-in", body, key: nil)
            #expect(answer.status == (password == Self.password ? 200 : 401), "\(answer.json.text)")
            note("sign-in", answer)
            let cookie = answer.headers["set-cookie"]?.split(separator: ";").first?.split(separator: "=").last
            if let cookie { canaries.append(String(cookie)) }
        }
        let key = try await server.post("/api/v1/api-keys", ["name": "other", "scopes": ["*"]])
        canaries.append(try #require(key.json["key"]?.string))

        // MARK: Secrets of all kinds

        let secret = try await server.send(
            "PUT",
            "/api/v1/secrets/SHOP",
            Data(#"{"value": "canary-secret", "hosts": ["shop.invalid"]}"#.utf8)
        )
        #expect(secret.status == 200, "\(secret.json.text)")
        note("secret", secret)
        let callback = try await server.post(
            "/api/v1/callbacks",
            ["url": "https://127.0.0.1:9/hook", "events": ["*"], "secret": "canary-callback-secret"]
        )
        #expect(callback.status == 201, "\(callback.json.text)")

        // MARK: What touches them

        func chat(_ prompt: String, _ config: JSONObject = JSONObject()) -> JSON {
            var config = config
            config["prompt"] = .string(prompt)
            return .node(
                "n",
                "llm:chat",
                .object(config),
                data: ["policy": ["onUnknown": "fail", "retry": ["maxRetries": 0]]]
            )
        }
        let request: JSON = .node(
            "n",
            "action:http_request",
            [
                "url": "https://shop.invalid/orders",
                "authentication": ["Authorization": "Bearer {{secrets.SHOP}}"],
            ]
        )
        var workflows: [String] = []
        var runs: [String] = []
        let end: JSON = [
            "callbackUrl": "https://127.0.0.1:9/end", "callbackSecret": "canary-end-secret-0123",
            "timeoutBudgetMs": 5000,
        ]
        func run(_ node: JSON) async throws {
            let stored = try await server.post("/api/v1/workflows", ["name": "bird", "nodes": [node], "edges": []])
            note("workflow", stored)
            let workflow = try #require(stored.json["id"]?.string, "\(stored.json.text)")
            workflows.append(workflow)
            let run = try await server.run(workflow, end)
            answers.append(("run", run.text))
            runs.append(try #require(run["executionId"]?.string, "\(run.text)"))
        }
        try await run(chat("hello"))
        for status in [400, 401, 422, 500] {
            try await run(chat("[[echo=\(status)]]"))
            try await run(.node("n", "generate:flux_2", ["prompt": .string("[[echo=\(status)]]")]))
        }
        let credential = try await server.post(
            "/api/v1/credentials",
            [
                "provider": "openai", "name": "main", "fields": ["api_key": "canary-credential"],
                "baseUrl": "https://openai.invalid/v1",
            ]
        )
        #expect(credential.status == 201, "\(credential.json.text)")
        note("credential", credential)
        try await run(chat("hello", ["credentialId": credential.json["id"] ?? .null]))
        try await run(request)
        let seen = try await vendor.requests().map(\.text).joined()
        #expect(seen.contains("canary-openai-key") && seen.contains("canary:fal-key"), "They were sent, and repeated.")
        let hook = try await server.send(
            "PUT",
            "/api/v1/workflows/\(workflows[0])/webhook",
            Data(#"{"enabled": true, "secret": "canary-webhook-secret"}"#.utf8)
        )
        #expect(hook.status == 200, "\(hook.json.text)")
        if let id = hook.json["webhookId"]?.string ?? hook.json["id"]?.string {
            note("trigger", try await server.post("/api/v1/workflow/\(id)/trigger", [:], key: nil))
        }
        if let id = credential.json["id"]?.string {
            note("test", try await server.post("/api/v1/credentials/\(id)/test", [:]))
        }
        note("wrong key", try await server.get("/api/v1/workflows", key: "sk-canary-0123456789abcdef0123456789abcdef"))

        // MARK: Everything that can be read

        var paths = [
            "/workflows", "/executions?include=nodes", "/secrets", "/credentials", "/callbacks", "/api-keys", "/audit",
            "/dead-letters", "/developer/usage", "/developer/ledger", "/metrics/summary", "/metrics/nodes", "/alerts",
            "/account", "/account/members", "/media", "/nodes", "/openapi.json", "/schedules", "/approvals", "/budgets",
            "/callbacks/\(callback.json["id"]?.string ?? "")",
            "/callbacks/\(callback.json["id"]?.string ?? "")/deliveries",
            "/credentials/\(credential.json["id"]?.string ?? "")", "/secrets/SHOP",
        ]
        for id in workflows {
            paths += ["/workflows/\(id)", "/workflows/\(id)/export", "/workflows/\(id)/export?format=yaml"]
        }
        for id in runs {
            paths += ["/workflows/executions/\(id)?include=graph,logs", "/workflows/executions/\(id)/events"]
        }
        for path in paths {
            let answer = try await server.get("/api/v1\(path)")
            #expect(answer.status == 200 || path.contains("format="), "\(path): \(answer.status)")
            note(path, answer)
        }
        note("metrics", try await server.get("/metrics", key: nil))
        for (what, text) in answers {
            // The owner may read the address of a member, and nobody else.
            let text = text.replacing(Self.email, with: "")
            for canary in canaries {
                #expect(!text.contains(canary), "\(what) holds \(canary): \(text.prefix(2000))")
            }
        }
        for canary in canaries { #expect(!server.log.contains(canary), "The log holds \(canary).") }

        // MARK: What is stored

        server.kill()
        let text = Self.email
        let files = try FileManager.default.subpathsOfDirectory(atPath: server.folder.path)
        for file in files where !file.hasSuffix("master.key") {
            guard var bytes = FileManager.default.contents(atPath: "\(server.folder.path)/\(file)") else { continue }
            while let range = bytes.range(of: Data(text.utf8)) { bytes.removeSubrange(range) }
            for canary in canaries {
                #expect(bytes.range(of: Data(canary.utf8)) == nil, "\(file) holds \(canary).")
            }
        }
        for row in try schema?.dump() ?? [] {
            func hexadecimal(_ text: String) -> String {
                text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            }
            let row = row.replacing(text, with: "").replacing(hexadecimal(text), with: "")
            for canary in canaries {
                #expect(!row.contains(canary) && !row.contains(hexadecimal(canary)), "A row holds \(canary): \(row)")
            }
        }
    }
}
