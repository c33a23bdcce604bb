import Assets
import Catalog
import Engine
import Foundation
import HTTPServer
import HTTPValues
import Synchronization
import TestSupport
import Testing
import Values

/// Members of manifests that the example manifests do not use.
@Suite(.timeLimit(.minutes(3)))
struct ManifestFieldTests {
    /// A provider and a node type with changes merged over them.
    private func bench(
        provider: JSON,
        node: JSON = [:],
        answer: @escaping @Sendable (FakeVendor.Request, String) async -> HTTPResponse
    ) async throws -> VendorBench {
        let base: JSON = [
            "kind": "provider", "id": "own", "baseUrl": "https://own.example",
            "secrets": ["key": ["env": ["OWN_KEY"]]], "auth": [["header": "X-Key", "value": "${secrets.key}"]],
            "hosts": ["credentialed": ["own.example"], "download": []],
        ]
        let type: JSON = [
            "kind": "node", "type": "any:own",
            "inputs": [["id": "prompt", "type": "TEXT"], ["id": "file", "type": "ANY"]],
            "outputs": [["id": "text", "type": "TEXT"]],
        ]
        let offer: JSON = [
            "id": "a", "provider": "own", "output": ["text": ["text": "body.text"]], "price": ["upper": "1.0"],
        ]
        let nodes = type.merging(["offers": [offer.merging(node["offer"] ?? [:])]]).merging(node["type"] ?? [:])
        let file = Catalog.Document(file: "own.json", bytes: JSON.array([base.merging(provider), nodes]).bytes)
        _ = try Catalog([file], compilesOffers: true)
        let environment = ["OWN_KEY": "key", "OWN_BASE_URL": "{vendor}"]
        return try await VendorBench(documents: [file], environment: environment, answer: answer)
    }

    private static let job: JSON = [
        "mode": "job", "poll": ["firstMs": 5, "everyMs": 10, "factor": 1, "maxMs": 10, "jitter": 0],
        "calls": [
            "submit": ["method": "POST", "url": "/jobs", "keep": ["jobId": "body.id"]],
            "status": [
                "url": "/jobs/${keep.jobId}",
                "phase": ["of": "body.state", "map": ["queued": "queued", "done": "succeeded"]],
            ],
        ],
    ]

    @Test(arguments: [false, true])
    func `the time in a vendor's queue counts or does not`(counts: Bool) async throws {
        let asked = Mutex(0)
        let poll: JSON = ["everyMs": 1000, "maxMs": 1000, "queuedCounts": .bool(counts)]
        let bench = try await bench(provider: Self.job.merging(["poll": poll])) { request, _ in
            if request.method == "POST" { return .json(["id": "j"]) }
            let number = asked.withLock { count in
                count += 1
                return count
            }
            return .json(["state": number < 5 ? "queued" : "done", "text": "Hi."])
        }
        let outcome = try await bench.perform("any:own", within: .seconds(3))
        switch outcome {
        case .succeeded(let outputs, _, _): #expect(!counts && outputs["text"] == .text("Hi."))
        case .failed(let error, _): #expect(counts && error.failure == .timeout && error.accepted == .yes)
        case .withdrawn: Issue.record("withdrawn")
        }
        await bench.stop()
    }

    @Test func `a result is fetched with the key where the manifest says so, and a name may hold slashes`() async throws
    {
        let provider = Self.job.merging([
            "calls": ["status": ["url": "/v1/${keep.jobId}", "urlPlain": ["keep.jobId"]]]
        ])
        let node: JSON = [
            "type": ["outputs": [["id": "video", "type": "VIDEO"]]],
            "offer": ["output": ["text": nil, "video": ["url": "body.uri", "credentials": true]]],
        ]
        let bench = try await bench(provider: provider, node: node) { request, host in
            switch request.target {
            case "/jobs": .json(["id": "models/veo/operations/1"])
            case "/v1/models/veo/operations/1": .json(["state": "done", "uri": .string("http://\(host)/v.mp4")])
            default: HTTPResponse(status: 200, headers: ["content-type": "video/mp4"], body: Examples.film)
            }
        }
        let made = try Examples.made(try await bench.perform("any:own"))
        #expect(made.outputs["video"]?.media.first?.mimeType == "video/mp4")
        #expect(bench.vendor.requests.map { $0.headers["x-key"] } == ["key", "key", "key"])
        await bench.stop()
    }

    @Test(arguments: [("length", ["cut"]), ("stop", [])])
    func `a manifest says which results a vendor has cut off`(finish: String, milestones: [String]) async throws {
        let provider: JSON = [
            "truncatedWhen": "keep.?finish.orValue('') == 'length'",
            "calls": ["submit": ["method": "POST", "url": "/x", "keep": ["finish": "body.finish"]]],
        ]
        let bench = try await bench(provider: provider) { _, _ in .json(["text": "Hi.", "finish": .string(finish)]) }
        #expect(try Examples.made(try await bench.perform("any:own")).outputs["text"] == .text("Hi."))
        #expect(bench.milestones.all == milestones)
        await bench.stop()
    }

    @Test func `a lost answer is sent for again with the same key`() async throws {
        let provider: JSON = [
            "effect": "keyed",
            "onUnknown": ["key": ["header": "Idempotency-Key", "value": "${run.attemptKey}", "validMs": 60_000]],
            "calls": ["submit": ["method": "POST", "url": "/x"]],
        ]
        let asked = Mutex(0)
        let bench = try await bench(provider: provider) { _, _ in
            let isFirst = asked.withLock { count in
                count += 1
                return count == 1
            }
            return isFirst ? HTTPResponse(status: 500) : .json(["text": "Hi."])
        }
        let made = try Examples.made(try await bench.perform("any:own"))
        let keys = bench.vendor.requests.map { $0.headers["idempotency-key"] }
        #expect(made.outputs["text"] == .text("Hi.") && keys.count == 2 && keys[0]?.count == 32 && keys[0] == keys[1])
        await bench.stop()
    }

    @Test func `an upload goes without the key where the manifest says so`() async throws {
        let provider: JSON = [
            "media": [
                "order": ["upload"],
                "upload": [
                    "steps": [
                        [
                            "method": "POST", "url": "/init", "body": ["json": ["name": "${inputs.file.name}"]],
                            "keep": ["put": "body.put", "id": "body.id"],
                        ],
                        [
                            "method": "PUT", "url": "${keep.put}", "credentials": false,
                            "body": ["bytes": "inputs.file"],
                        ],
                    ],
                    "result": "keep.id",
                ],
            ],
            "calls": [
                "submit": [
                    "method": "POST", "url": "/x",
                    "body": ["json": ["a": "${handover(inputs.file)}", "b": "${handover(inputs.file)}"]],
                ]
            ],
        ]
        let bench = try await bench(provider: provider) { request, host in
            switch request.target {
            case "/init": .json(["put": .string("http://\(host)/put"), "id": "f-1"])
            case "/put": HTTPResponse(status: 204)
            default: .json(["text": "Hi."])
            }
        }
        let media = try await bench.assets.keep(
            bytes: VendorBench.png,
            mimeType: nil,
            name: "a.png",
            at: VendorBench.now()
        )
        _ = try Examples.made(try await bench.perform("any:own", inputs: ["file": .media(media)]))
        let requests = bench.vendor.requests
        #expect(requests.map(\.target) == ["/init", "/put", "/x"])
        #expect(requests[0].json == ["name": "a.png"] && requests[1].body == VendorBench.png)
        #expect(requests.map { $0.headers.contains("x-key") } == [true, false, true])
        #expect(requests[2].json == ["a": "f-1", "b": "f-1"])
        await bench.stop()
    }

    @Test func `an answer comes in lines of JSON`() async throws {
        let stream: JSON = [
            "format": "jsonl", "append": ["text": "chunk.?t"], "endWhen": "chunk.?done.orValue(false)",
            "keep": ["last": "chunk.?n"],
        ]
        let provider: JSON = [
            "stream": stream, "calls": ["submit": ["method": "POST", "url": "/x", "body": ["json": [:]]]],
        ]
        let bench = try await bench(provider: provider) { _, _ in
            let text = "{\"t\": \"H\"}\n{\"t\": \"i.\"}\n\n{\"done\": true, \"n\": 2}\n"
            return HTTPResponse(status: 200, headers: ["content-type": "application/x-ndjson"], body: Array(text.utf8))
        }
        let made = try Examples.made(try await bench.perform("any:own") { _, _ in })
        #expect(made.outputs["text"] == .text("Hi."))
        await bench.stop()
    }

    @Test(arguments: ["application/x-ndjson", "application/json"])
    func `an answer that is too long to be read may still be paid`(type: String) async throws {
        let stream: JSON = ["format": "jsonl", "append": ["text": "chunk.?t"]]
        let provider: JSON = [
            "stream": stream, "calls": ["submit": ["method": "POST", "url": "/x", "body": ["json": [:]]]],
        ]
        let bench = try await bench(provider: provider) { _, _ in
            // The lines of a stream have at most 4 MiB, a whole answer 64 MiB.
            let count = type == "application/json" ? 64 << 20 : 5 << 20
            let bytes = Array(#"{"text": "Hi."}"#.utf8) + [UInt8](repeating: 0x20, count: count)
            return HTTPResponse(status: 200, headers: ["content-type": type], body: bytes)
        }
        let outcome = try await bench.perform("any:own") { _, _ in }
        guard case .failed(let error, _) = outcome else {
            Issue.record("It must fail: \(outcome)")
            return
        }
        #expect(error.failure == .contract && error.accepted == .yes && error.charged == .unknown, "\(error)")
        await bench.stop()
    }

    @Test func `a vendor may name the time until which to wait`() async throws {
        let provider: JSON = [
            "calls": ["submit": ["method": "POST", "url": "/x"]], "retryAfter": ["headers[?'retry-after']"],
        ]
        let date = Date(timeIntervalSinceNow: 3600)
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        let text = format.string(from: date)
        let bench = try await bench(provider: provider) { _, _ in
            .json([:], status: 429, headers: ["retry-after": text])
        }
        guard case .failed(let error, _) = try await bench.perform("any:own") else { return }
        let wait = try #require(error.retryAfter)
        #expect(error.failure == .rateLimited && wait > .seconds(3000) && wait <= .seconds(3600))
        await bench.stop()
    }
}
