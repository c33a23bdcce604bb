import Assets
import Catalog
import Engine
import EventLoop
import Foundation
import HTTPClient
import HTTPServer
import HTTPValues
import Providers
import Storage
import Synchronization
import TestSupport
import Testing
import Values

@Suite(.timeLimit(.minutes(1)))
struct VendorsTests {
    private static let good: JSON = [
        "choices": [["message": ["content": "Hi."], "finish_reason": "stop"]], "usage": ["completion_tokens": 50],
    ]

    @Test func `sends what the manifest says and reads the answer, its price and its id`() async throws {
        let bench = try await VendorBench { _, _ in .json(Self.good, headers: ["x-request-id": "req-1"]) }
        let outcome = try await bench.perform("llm:chat", parameters: ["model": "large"])
        guard case .succeeded(let outputs, let cost, let requestID) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(outputs["text"] == .text("Hi."))
        #expect(cost == Money(nano: 100_000))
        #expect(requestID == "req-1")
        let request = try #require(bench.vendor.requests.first)
        #expect(request.target == "/v1/chat/completions?v=2")
        #expect(request.headers["authorization"] == "Bearer secret-key")
        #expect(!request.headers.contains("x-team"))
        #expect(request.json == ["model": "large", "messages": [["role": "user", "content": "hello"]]])
        await bench.stop()
    }

    @Test func `hands media over as a data URL`() async throws {
        let bench = try await VendorBench { _, _ in .json(Self.good) }
        let media = try await bench.assets.keep(bytes: VendorBench.png, mimeType: nil, at: VendorBench.now())
        #expect(media.width == 1 && media.mimeType == "image/png")
        _ = try await bench.perform("llm:chat", inputs: ["prompt": .text("x"), "image": .media(media)])
        #expect(bench.vendor.requests.first?.json["image"]?.string?.hasPrefix("data:image/png;base64,iVBOR") == true)
        await bench.stop()
    }

    @Test func `media that says it is larger than can be counted is no crash`() async throws {
        let bench = try await VendorBench { _, _ in .json(Self.good) }
        var media = try await bench.assets.keep(bytes: VendorBench.png, mimeType: nil, at: VendorBench.now())
        (media.width, media.height) = (.max, .max)
        _ = try await bench.perform("llm:chat", inputs: ["prompt": .text("x"), "image": .media(media)])
        #expect(bench.vendor.requests.count == 1)
        await bench.stop()
    }

    struct Failing: Sendable, CustomTestStringConvertible {
        let name: String
        let response: HTTPResponse
        let failure: FailureClass
        let accepted: Certainty
        var testDescription: String { name }
    }

    @Test(arguments: [
        Failing(
            name: "429",
            response: .json(["error": ["message": "slow"]], status: 429, headers: ["retry-after": "7"]),
            failure: .rateLimited,
            accepted: .no
        ),
        Failing(
            name: "a rule on the body",
            response: .json(["error": ["code": "quota"]], status: 429),
            failure: .payment,
            accepted: .no
        ),
        Failing(name: "401", response: .json([:], status: 401), failure: .auth, accepted: .no),
        Failing(
            name: "404",
            response: HTTPResponse(status: 404, body: Array("<html>".utf8)),
            failure: .notFound,
            accepted: .no
        ),
        Failing(
            name: "400",
            response: .json(["error": ["message": "bad"]], status: 400),
            failure: .invalidInput,
            accepted: .no
        ),
        Failing(
            name: "500",
            response: HTTPResponse(status: 500, body: Array("boom".utf8)),
            failure: .providerInternal,
            accepted: .unknown
        ),
        Failing(
            name: "redirect",
            response: HTTPResponse(status: 302, headers: ["location": "http://169.254.169.254/"]),
            failure: .contract,
            accepted: .no
        ),
        Failing(
            name: "garbage",
            response: HTTPResponse(status: 200, body: [0xFF, 0x00, 0x7B]),
            failure: .contract,
            accepted: .yes
        ),
        Failing(name: "nothing", response: HTTPResponse(status: 200), failure: .contract, accepted: .yes),
        Failing(
            name: "html",
            response: HTTPResponse(status: 200, body: Array("<html>hi</html>".utf8)),
            failure: .contract,
            accepted: .yes
        ),
        Failing(
            name: "wrong type",
            response: .json(["choices": [["message": ["content": 5]]]]),
            failure: .contract,
            accepted: .yes
        ),
        Failing(
            name: "filtered",
            response: .json(["choices": [["message": ["content": ""], "finish_reason": "content_filter"]]]),
            failure: .contentPolicy,
            accepted: .yes
        ),
    ])
    func `gives every bad answer its class`(failing: Failing) async throws {
        let bench = try await VendorBench { _, _ in failing.response }
        guard case .failed(let error, _) = try await bench.perform("llm:chat") else {
            Issue.record("It must fail.")
            return
        }
        #expect(error.failure == failing.failure)
        #expect(error.accepted == failing.accepted)
        #expect(!error.message.contains("secret-key"))
        if failing.name == "429" { #expect(error.retryAfter == .seconds(7)) }
        #expect(bench.vendor.requests.count == 1)
        await bench.stop()
    }

    @Test func `tells a call that was not sent from one that may have arrived`() async throws {
        let bench = try await VendorBench { _, _ in
            try? await Task.sleep(for: .seconds(30))
            return .json(Self.good)
        }
        guard case .failed(let silent, _) = try await bench.perform("llm:chat", within: .milliseconds(1500)) else {
            return
        }
        #expect(silent.failure == .timeout && silent.accepted == .unknown)
        await bench.vendor.stop()
        guard case .failed(let gone, _) = try await bench.perform("llm:chat") else { return }
        #expect(gone.failure == .network && gone.accepted == .no)
        await bench.stop()
    }

    // MARK: Jobs

    /// A queue that is done at the third question.
    private static func queue(_ request: FakeVendor.Request, _ host: String, polls: Counter) -> HTTPResponse {
        switch request.target {
        case "/acme/flux":
            return .json([
                "request_id": "job-1", "status_url": .string("http://\(host)/status"),
                "response_url": .string("http://\(host)/result"),
                "cancel_url": .string("http://\(host)/cancel"),
            ])
        case "/status":
            let words = ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]
            return .json(["status": .string(words[min(polls.next(), 2)])], status: 202)
        case "/result":
            return .json([
                "images": [["url": .string("http://\(host)/a.png")], ["url": .string("http://\(host)/a.png")]]
            ])
        case "/a.png": return HTTPResponse(status: 200, headers: ["content-type": "image/png"], body: VendorBench.png)
        default: return HTTPResponse(status: 202)
        }
    }

    final class Counter: Sendable {
        private let value = Mutex(0)
        func next() -> Int {
            value.withLock { value in
                defer { value += 1 }
                return value
            }
        }
    }

    @Test func `submits a job, asks until it is done, and keeps what it made`() async throws {
        let polls = Counter()
        let bench = try await VendorBench { request, host in Self.queue(request, host, polls: polls) }
        let outcome = try await bench.perform("generate:flux")
        guard case .succeeded(let outputs, let cost, _) = outcome, case .list(let images) = outputs["images"] else {
            Issue.record("\(outcome)")
            return
        }
        #expect(images.count == 2)
        #expect(cost == Money(nano: 50_000_000))
        let media = try #require(images.first?.media.first)
        #expect(media.width == 1)
        #expect(try await bench.assets.bytes(of: media.hash, atMost: 1000) == VendorBench.png)
        #expect(bench.milestones.all == ["submitted job-1", "ready"])
        #expect(bench.vendor.requests.first?.json == ["prompt": "hello", "image_size": "square"])
        #expect(bench.vendor.requests.filter { $0.target == "/acme/flux" }.count == 1)
        await bench.stop()
    }

    @Test func `takes a job up again without submitting it`() async throws {
        let polls = Counter()
        let bench = try await VendorBench { request, host in Self.queue(request, host, polls: polls) }
        let host = bench.vendor.address
        let keep: JSON = [
            "jobId": "job-1", "statusUrl": .string("http://\(host)/status"),
            "resultUrl": .string("http://\(host)/result"),
        ]
        guard case .succeeded = try await bench.perform("generate:flux", keep: keep, stage: .submitted) else {
            Issue.record("It must succeed.")
            return
        }
        #expect(!bench.vendor.requests.contains { $0.target == "/acme/flux" })
        guard case .succeeded = try await bench.perform("generate:flux", keep: keep, stage: .ready) else {
            Issue.record("It must succeed.")
            return
        }
        await bench.stop()
    }

    @Test func `repeats questions that fail in passing, and believes the last word of a job`() async throws {
        let polls = Counter()
        let bench = try await VendorBench { request, host in
            switch request.target {
            case "/status" where polls.next() < 2: HTTPResponse(status: 503)
            case "/status": .json(["status": "COMPLETED"])
            case "/result": .json(["detail": "no"], status: 422)
            default: Self.queue(request, host, polls: polls)
            }
        }
        guard case .failed(let error, _) = try await bench.perform("generate:flux") else { return }
        #expect(error.failure == .contentPolicy && error.accepted == .yes)
        #expect(bench.vendor.requests.filter { $0.target == "/result" }.count == 1)
        await bench.stop()
    }

    @Test(arguments: [
        "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/a.png", "file:///etc/passwd",
        "https://evil.example/a.png",
        "http://127.0.0.1:1/a.png", "https://media.example.evil.example/a", "not an address", "//x",
        "https://user@a.media.example/",
    ])
    func `never fetches a result from where the vendor has no business`(url: String) async throws {
        let polls = Counter()
        let bench = try await VendorBench { request, host in
            request.target == "/result"
                ? .json(["images": [["url": .string(url)]]]) : Self.queue(request, host, polls: polls)
        }
        guard case .failed(let error, _) = try await bench.perform("generate:flux") else {
            Issue.record("It must fail.")
            return
        }
        #expect(error.failure == .contract || error.failure == .expired)
        await bench.stop()
    }

    @Test func `does not send the key to a host that an answer names`() async throws {
        let bench = try await VendorBench { request, host in
            .json([
                "request_id": "j", "status_url": "https://evil.example/status",
                "response_url": "https://evil.example/r",
                "cancel_url": "https://evil.example/c",
            ])
        }
        guard case .failed(let error, _) = try await bench.perform("generate:flux") else { return }
        #expect(error.failure == .contract)
        #expect(error.accepted == .yes)
        await bench.stop()
    }
}
