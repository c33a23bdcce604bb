import Catalog
import Engine
import HTTPServer
import HTTPValues
import Providers
import Synchronization
import TestSupport
import Testing
import Values

/// What vendors and others send back never brings a secret to where it is kept or shown.
struct RedactionTests {
    private static let canary = "canary+secret/0123456789"

    private static let documents: JSON = [
        [
            "kind": "provider", "id": "own", "baseUrl": "https://own.example", "mode": "job",
            "errorText": ["body.error"],
            "secrets": ["key": ["env": ["OWN_KEY"]]], "hosts": ["credentialed": ["own.example"]],
            "auth": [["header": "Authorization", "value": "Bearer ${secrets.key}"]],
            "check": ["url": "/check"],
            "calls": [
                "submit": ["method": "POST", "url": "/x", "keep": ["jobId": "body.id", "echo": "body.echo"]],
                "status": [
                    "url": "/y", "phase": ["of": "body.state", "map": ["done": "succeeded", "bad": "failed"]],
                ],
            ],
        ],
        [
            "kind": "node", "type": "any:own", "inputs": [["id": "prompt", "type": "TEXT"]],
            "outputs": [["id": "text", "type": "TEXT"]],
            "offers": [
                [
                    "id": "own", "provider": "own", "output": ["text": ["text": "body.text"]],
                    "price": ["table": ["each": "0.5"], "upper": "vars.price.each"],
                ]
            ],
        ],
    ]

    private func bench(_ answer: @escaping @Sendable (FakeVendor.Request) -> HTTPResponse) async throws -> VendorBench {
        try await VendorBench(
            documents: [Catalog.Document(file: "own.json", bytes: Self.documents.bytes)],
            environment: ["OWN_KEY": Self.canary, "OWN_BASE_URL": "{vendor}"]
        ) { request, _ in answer(request) }
    }

    private func holdsCanary(_ text: String) -> Bool {
        text.contains("canary") || text.contains(Base64.encode(Array(Self.canary.utf8)))
    }

    @Test func `a failure that repeats the key is told without it`() async throws {
        let bench = try await bench { request in
            .json(["error": .string("Bad key: \(request.headers["authorization"] ?? "")")], status: 401)
        }
        guard case .failed(let error, _) = try await bench.perform("any:own") else { throw CancellationError() }
        #expect(error.message.contains("***") && !holdsCanary(error.record.text))
        await bench.stop()
    }

    @Test func `what is kept of a job, and what it gives, holds no key`() async throws {
        let bench = try await bench { request in
            let echo = JSON.string(request.headers["authorization"] ?? "")
            return request.target.contains("/x")
                ? .json(["id": "j", "echo": echo]) : .json(["state": "done", "text": echo])
        }
        let kept = Mutex<[String]>([])
        let outcome = try await bench.perform("any:own", kept: { keep in kept.withLock { $0.append(keep.text) } })
        guard case .succeeded(let outputs, _, _) = outcome else { throw CancellationError() }
        #expect(outputs["text"] == .text("Bearer ***"))
        #expect(kept.withLock { $0.count == 1 && !holdsCanary($0[0]) })
        await bench.stop()
    }

    @Test(arguments: [(200, true), (401, false), (500, nil)])
    func `a free call shows whether the key is right`(_ status: Int, _ isRight: Bool?) async throws {
        let bench = try await bench { request in
            .json(["saw": .string(request.headers["authorization"] ?? "")], status: status)
        }
        let provider = try #require(bench.catalog.providers["own"])
        let result = try #require(await bench.vendors.checkEnvironment(provider))
        #expect(result.isReachable && result.isAuthorised == isRight)
        #expect(!holdsCanary(result.message ?? ""))
        await bench.stop()
    }
}
