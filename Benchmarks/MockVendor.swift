import EventLoop
import Foundation
import HTTPServer
import HTTPValues
import Synchronization
import Values

/// The vendor of the benchmarks, in their own process; what it does stands in the address of each call.
///
/// `d` is the delay of its answer in milliseconds. Under `/limited` it takes 600 calls a minute, at most 10 of them at once,
/// refuses the rest with 429, and tells its limit when `h` is set. Under `/shaky` it answers 503 while it is down. Under
/// `/jobs` it takes jobs, which end when it is told to end them.
final class MockVendor: Sendable {
    /// What it has seen since it was last reset.
    struct Counts {
        var accepted = 0
        var refused = 0
        /// Refusals after the first 20 calls.
        var refusedLater = 0
        /// When each second's calls came, by the second since the reset.
        var callsBySecond: [Int: Int] = [:]
        /// Jobs that were asked about.
        var asked: Set<String> = []
        var lastCall = ContinuousClock.now
    }

    private struct State {
        var counts = Counts()
        var began = ContinuousClock.now
        var tokens = 10.0
        var refilled = ContinuousClock.now
        var isDown = false
        var jobsEnd = false
        var jobs = 0
    }

    private let state = Mutex(State())

    var counts: Counts { state.withLock { $0.counts } }

    func reset() {
        state.withLock { state in
            let (isDown, jobs) = (state.isDown, state.jobs)
            state = State()
            (state.isDown, state.jobs) = (isDown, jobs)
        }
    }

    func set(isDown: Bool) { state.withLock { $0.isDown = isDown } }

    func endJobs() { state.withLock { $0.jobsEnd = true } }

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let query = Self.query(request.query.map(String.init) ?? "")
        let body = (try? await request.body.collect(atMost: 1 << 20)) ?? []
        if request.path.hasPrefix("/jobs") { return job(request) }
        let isLimited = request.path.hasPrefix("/limited")
        let (isTaken, left) = isLimited ? take() : (true, 0)
        let isDown = note(isTaken: isTaken)
        if request.path.hasPrefix("/shaky"), isDown { return HTTPResponse(status: 503) }
        var headers: HTTPFields = ["content-type": "application/json"]
        if isLimited, query["h"] == "1" {
            headers["x-ratelimit-limit-requests"] = "600"
            headers["x-ratelimit-remaining-requests"] = String(Int(left))
            headers["x-ratelimit-reset-requests"] = "\(Int((10 - left) * 100))ms"
            if !isTaken { headers["retry-after-ms"] = String(Int((1 - left) * 100) + 1) }
        }
        guard isTaken else { return HTTPResponse(status: 429, headers: headers) }
        if let delay = query["d"].flatMap(Int.init), delay > 0 {
            try? await request.loop.sleep(for: .milliseconds(delay))
        }
        if String(decoding: body, as: UTF8.self).contains("[[bad]]") {
            return HTTPResponse(status: 400, headers: headers, body: Array("{}".utf8))
        }
        return HTTPResponse(status: 200, headers: headers, body: Self.text)
    }

    /// Takes a place in the bucket, which holds 10 and gets 10 a second.
    private func take() -> (Bool, Double) {
        state.withLock { state in
            let now = ContinuousClock.now
            let time = (now - state.refilled) / .seconds(1)
            state.tokens = min(10, state.tokens + time * 10)
            state.refilled = now
            guard state.tokens >= 1 else { return (false, state.tokens) }
            state.tokens -= 1
            return (true, state.tokens)
        }
    }

    private func note(isTaken: Bool) -> Bool {
        state.withLock { state in
            let counts = state.counts
            if isTaken { state.counts.accepted += 1 } else { state.counts.refused += 1 }
            if !isTaken, counts.accepted + counts.refused >= 20 { state.counts.refusedLater += 1 }
            state.counts.lastCall = .now
            state.counts.callsBySecond[Int((ContinuousClock.now - state.began) / .seconds(1)), default: 0] += 1
            return state.isDown
        }
    }

    private func job(_ request: HTTPRequest) -> HTTPResponse {
        let body: String = state.withLock { state in
            guard request.method == .get else {
                state.jobs += 1
                return #"{"id": "job-\#(state.jobs)"}"#
            }
            state.counts.asked.insert(String(request.path))
            return #"{"status": "\#(state.jobsEnd ? "done" : "running")", "text": "made"}"#
        }
        return HTTPResponse(status: 200, headers: ["content-type": "application/json"], body: Array(body.utf8))
    }

    private static func query(_ text: String) -> [String: String] {
        let pairs = text.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return Dictionary(pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }) { first, _ in first }
    }

    private static let text = Array(
        #"{"choices":[{"message":{"role":"assistant","content":"The quick brown fox answers with a short, fixed sentence of text."}}]}"#
            .utf8
    )

    private static let providers = ["benchmark", "told", "untold", "shaky", "jobs"]

    /// The environment in which a server finds the vendor.
    static func environment(_ address: String) -> [String: String] {
        var variables: [String: String] = [:]
        for provider in providers {
            variables["\(provider.uppercased())_KEY"] = "benchmark"
            variables["\(provider.uppercased())_BASE_URL"] = "http://\(address)"
        }
        return variables
    }

    /// The manifests of its node types.
    static let manifests: String = {
        func type(_ name: String, _ provider: String, _ path: String, _ query: String) -> String {
            """
            {"kind": "node", "type": "llm:\(name)", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
              "params": [{"id": "delay", "type": "NUMBER", "default": 0}], "outputs": [{"id": "text", "type": "TEXT"}],
              "offers": [{"id": "benchmark", "provider": "\(provider)",
                "calls": {"submit": {"method": "POST", "url": "\(path)", "query": {"d": "${params.delay}"\(query)},
                  "body": {"json": {"model": "mock-1", "messages": [{"role": "user", "content": "${inputs.prompt}"}]}}}},
                "output": {"text": {"text": "body.choices[0].message.content"}},
                "price": {"table": {"each": "0.001"}, "upper": "vars.price.each"}}]}
            """
        }
        func provider(_ name: String, _ more: String = "") -> String {
            """
            {"kind": "provider", "id": "\(name)", "baseUrl": "https://\(name).example", "mode": "inline",
              "effect": "once", "secrets": {"key": {"env": ["\(name.uppercased())_KEY"]}},
              "auth": [{"header": "X-Key", "value": "${secrets.key}"}]\(more)}
            """
        }
        let limits = """
            , "limits": [{"scope": ["credential"], "observe": {"requestsLeft": "x-ratelimit-remaining-requests",
              "requestsReset": "x-ratelimit-reset-requests", "resetForm": "duration"}}]
            """
        let job = """
            {"kind": "provider", "id": "jobs", "baseUrl": "https://jobs.example", "mode": "job", "effect": "once",
              "secrets": {"key": {"env": ["JOBS_KEY"]}}, "auth": [{"header": "X-Key", "value": "${secrets.key}"}],
              "finish": ["poll"],
              "poll": {"firstMs": 1000, "everyMs": 5000, "maxMs": 60000},
              "calls": {"submit": {"method": "POST", "url": "/jobs", "keep": {"jobId": "body.id"}},
                "status": {"url": "/jobs/${keep.jobId}",
                  "phase": {"of": "body.status", "map": {"running": "running", "done": "succeeded"}}}}},
            {"kind": "node", "type": "llm:job", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
              "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "benchmark", "provider": "jobs",
                "output": {"text": {"text": "body.text"}}, "price": {"table": {"each": "0.001"}, "upper": "vars.price.each"}}]}
            """
        let parts = [
            provider("benchmark"), type("benchmark", "benchmark", "/v1/chat/completions", ""),
            provider("told", limits), type("told", "told", "/limited", #", "h": "1""#),
            provider("untold"), type("untold", "untold", "/limited", ""),
            provider("shaky"), type("shaky", "shaky", "/shaky", ""), job,
        ]
        return "[\(parts.joined(separator: ",\n"))]"
    }()
}
