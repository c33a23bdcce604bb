import Catalog
import Crypto
import Engine
import Foundation
import HTTPServer
import HTTPValues
import Providers
import Synchronization
import TestSupport
import Testing
import Values

/// What vendors say by calling us, whether they are believed, and how the fate of a lost call is found out.
struct CallbackTests {
    private static let secret = Array("callback-secret".utf8)

    /// A vendor with jobs, whose calls are proved in some way.
    private func bench(
        _ changes: JSON = .object(JSONObject()),
        answer: @escaping @Sendable (FakeVendor.Request) async -> HTTPResponse = { _ in HTTPResponse(status: 404) }
    ) async throws -> VendorBench {
        let provider: JSON = [
            "kind": "provider", "id": "jobs", "baseUrl": "https://jobs.example", "mode": "job", "effect": "once",
            "finish": ["callback", "poll"],
            "timing": ["p95Ms": 20],
            "secrets": ["key": ["env": ["JOBS_KEY"]], "hook": ["env": ["JOBS_HOOK"], "optional": true]],
            "auth": [["header": "X-Key", "value": "${secrets.key}"]], "hosts": ["credentialed": ["jobs.example"]],
            "calls": [
                "submit": [
                    "method": "POST", "url": "/jobs",
                    "body": ["json": ["id": "${run.attemptKey}", "hook": "${webhook.?url}"]],
                    "keep": ["jobId": "body.id"],
                ],
                "status": [
                    "url": "/jobs/${keep.jobId}",
                    "phase": [
                        "of": "body.state", "map": ["done": "succeeded", "failed": "failed", "cancelled": "cancelled"],
                    ],
                ],
                "cancel": ["method": "DELETE", "url": "/jobs/${keep.jobId}"],
            ],
            "callback": [
                "jobId": "body.id", "phase": ["of": "body.state", "map": ["done": "succeeded", "failed": "failed"]],
                "payload": "body.?payload", "trust": "payload",
                "verify": [
                    "hook": "hmac_sha256", "key": ["secret": "hook"],
                    "message": ["header:webhook-id", "header:webhook-timestamp", "raw:body"], "join": ".",
                    "timestamp": "webhook-timestamp",
                    "signature": [
                        "header": "webhook-signature", "encoding": "base64", "separator": " ", "versionPrefix": "v1,",
                    ],
                ],
            ],
            "poll": ["firstMs": 5, "everyMs": 10, "factor": 1, "maxMs": 10, "jitter": 0],
        ]
        let node: JSON = [
            "kind": "node", "type": "any:job", "inputs": [["id": "prompt", "type": "TEXT"]],
            "outputs": [["id": "text", "type": "TEXT"]],
            "offers": [
                [
                    "id": "jobs", "provider": "jobs", "output": ["text": ["text": "body.text"]],
                    "price": ["table": ["each": "0.5"], "upper": "vars.price.each"],
                ]
            ],
        ]
        let list = JSON.array([provider.merging(changes), node])
        return try await VendorBench(
            documents: [Catalog.Document(file: "jobs.json", bytes: list.bytes)],
            environment: [
                "JOBS_KEY": "key", "JOBS_HOOK": String(decoding: Self.secret, as: UTF8.self),
                "JOBS_BASE_URL": "{vendor}",
            ],
            isReachable: true
        ) { request, _ in await answer(request) }
    }

    private func read(_ bench: VendorBench, _ headers: [String: String], _ body: String) async throws -> VendorCallback
    {
        let call = try bench.call("any:job")
        return try #require(await bench.vendors.read(headers, Array(body.utf8), call)).0
    }

    private func signed(_ body: String, at time: Instant, key: [UInt8] = CallbackTests.secret) -> [String: String] {
        let text = "msg_1.\(time.seconds).\(body)"
        let code = Base64.encode(HMAC.sha256(Array(text.utf8), key: key))
        return [
            "webhook-id": "msg_1", "webhook-timestamp": "\(time.seconds)", "webhook-signature": "v1,AAAA v1,\(code)",
        ]
    }

    @Test func `believes what is signed, and takes everything else as a hint`() async throws {
        let bench = try await bench()
        let body = #"{"id": "j1", "state": "done", "payload": {"text": "Hi."}}"#
        let now = VendorBench.now()
        let proved = try await read(bench, signed(body, at: now), body)
        #expect(
            proved.keep["jobId"] == "j1" && proved.phase == "succeeded" && proved.body?["payload"]?["text"] == "Hi."
        )
        for headers in [
            [:], signed(body, at: now, key: [1]), signed(body + " ", at: now), signed(body, at: now + .seconds(-900)),
        ] {
            let hint = try await read(bench, headers, body)
            #expect(hint.body == nil && hint.keep["jobId"] == "j1")
        }
        await bench.stop()
    }

    @Test(arguments: [("bearer", "Bearer callback-secret"), ("bearer", "Bearer other"), ("urlToken", "")])
    func `knows the other proofs`(name: String, header: String) async throws {
        let verify: JSON = name == "bearer" ? ["hook": "bearer", "key": ["secret": "hook"]] : ["hook": "urlToken"]
        let headers = header.isEmpty ? [:] : ["authorization": header]
        // What is merged over the other way of proof has to take its members away first.
        let gone: JSON = ["message": nil, "join": nil, "timestamp": nil, "signature": nil, "key": nil]
        let trust: JSON = name == "urlToken" ? "signal" : "payload"
        let bench = try await bench(["callback": ["verify": gone.merging(verify), "trust": trust]])
        let callback = try await read(bench, headers, #"{"id": "j1", "state": "done"}"#)
        #expect((callback.body != nil) == (headers["authorization"] == "Bearer callback-secret"))
        await bench.stop()
    }

    @Test func `the vendor is told where to call, and its call takes the place of asking`() async throws {
        let said = Mutex<JSON>(.null)
        let bench = try await bench { request in
            guard request.method == "POST" else { return .json(["state": "running"]) }
            said.withLock { $0 = request.json }
            return .json(["id": "j1"])
        }
        let body: JSON = ["id": "j1", "state": "done", "payload": ["text": "Hi."]]
        let told = VendorCallback(keep: ["jobId": "j1"], phase: "succeeded", body: body)
        let outcome = try await bench.perform("any:job", change: { call in call.listen = { _ in told } })
        guard case .succeeded(let outputs, _, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(outputs["text"] == .text("Hi."))
        #expect(said.withLock { $0["hook"]?.string }?.hasPrefix("https://us.example/exec/node/1") == true)
        #expect(bench.vendor.requests.map(\.method) == ["POST"])
        await bench.stop()
    }

    @Test(arguments: ["found", "absent", "silent", "callback", "key"])
    func `finds out whether the vendor took a call that an earlier process may have sent`(means: String) async throws {
        let lookup: JSON = [
            "lookup": [
                "url": "/find/${run.attemptKey}", "afterMs": 5, "tries": 2, "found": "http.status == 200",
                "absent": "http.status == 404", "trustAbsent": true, "keep": ["jobId": "body.id"],
            ]
        ]
        let key: JSON = ["key": ["header": "Idempotency-Key", "value": "${run.attemptKey}", "validMs": 60_000]]
        let plan: JSON = means == "key" ? key : means == "callback" ? ["callback": ["graceMs": 5000]] : lookup
        let bench = try await bench(["onUnknown": plan]) { request in
            switch request.target {
            case "/jobs": return .json(["id": "j1"])
            case "/jobs/j1": return .json(["state": "done", "text": "Hi."])
            case _ where means == "found": return .json(["id": "j1"])
            default: return HTTPResponse(status: means == "absent" ? 404 : 503)
            }
        }
        let outcome = try await bench.perform(
            "any:job",
            change: { call in
                call.isDoubtful = true
                guard means == "callback" else { return }
                call.listen = { pause in
                    pause > .seconds(1) ? VendorCallback(keep: ["jobId": "j1"], phase: nil, body: nil) : nil
                }
            }
        )
        let posts = bench.vendor.requests.filter { $0.method == "POST" }
        switch (means, outcome) {
        case ("found", .succeeded), ("callback", .succeeded): #expect(posts.isEmpty)
        case ("key", .succeeded): #expect(posts.count == 1 && posts[0].headers["idempotency-key"]?.count == 32)
        case ("absent", .failed(let error, _)): #expect(error.accepted == .no && posts.isEmpty)
        case ("silent", .failed(let error, _)):
            #expect(error.failure == .unknownOutcome && error.accepted == .unknown && posts.isEmpty)
        default: Issue.record("\(means): \(outcome)")
        }
        await bench.stop()
    }

    @Test(arguments: ["done", "cancelled"])
    func `a job nobody waits for is cancelled and asked about until it is over`(end: String) async throws {
        let asked = Mutex(0)
        let bench = try await bench { request in
            guard request.method == "GET" else { return HTTPResponse(status: 200) }
            let count = asked.withLock { count in
                count += 1
                return count
            }
            return .json(["state": .string(count < 3 ? "running" : end), "text": "Late."])
        }
        var call = try bench.call("any:job")
        call.keep = ["jobId": "j1"]
        call.stage = .submitted
        let result = try await bench.vendors.settle(call)
        #expect(result?.outputs["text"] == (end == "done" ? .text("Late.") : nil))
        #expect(result?.cost == (end == "done" ? Money(nano: 500_000_000) : .zero))
        #expect(bench.vendor.requests.first?.method == "DELETE")
        await bench.stop()
    }

    @Test func `the end of our patience is not the end of the job`() async throws {
        let bench = try await bench { request in
            request.method == "POST" ? .json(["id": "j1"]) : .json(["state": "running"])
        }
        let outcome = try await bench.perform("any:job", within: .milliseconds(300))
        guard case .failed(let error, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(error.isJobOpen && error.failure == .timeout && error.accepted == .yes)
        #expect(bench.vendor.requests.allSatisfy { $0.method != "DELETE" }, "Who settles the job cancels it.")
        await bench.stop()
    }
}
