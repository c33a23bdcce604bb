import Admission
import Catalog
import HTTPServer
import HTTPValues
import Providers
import Synchronization
import TestSupport
import Testing
import Values

/// What manifests say of limits becomes the way to a vendor, and what its headers say reaches admission.
struct LaneTests {
    private func bench(
        _ changes: JSON,
        answer: @escaping @Sendable (FakeVendor.Request) async -> HTTPResponse = { _ in .json(["text": "Hi."]) }
    ) async throws -> VendorBench {
        let provider: JSON = [
            "kind": "provider", "id": "own", "baseUrl": "https://own.example", "mode": "inline",
            "secrets": ["key": ["env": ["OWN_KEY"]]], "hosts": ["credentialed": ["own.example"]],
            "retryAfter": ["headers[?'retry-after']"],
            "calls": ["submit": ["method": "POST", "url": "/x"]],
        ]
        let node: JSON = [
            "kind": "node", "type": "any:own", "inputs": [["id": "prompt", "type": "TEXT"]],
            "outputs": [["id": "text", "type": "TEXT"]],
            "offers": [
                [
                    "id": "own", "provider": "own", "output": ["text": ["text": "body.text"]],
                    "price": ["table": ["each": "0.5"], "upper": "vars.price.each"],
                ]
            ],
        ]
        return try await VendorBench(
            documents: [
                Catalog.Document(file: "own.json", bytes: JSON.array([provider.merging(changes), node]).bytes)
            ],
            environment: ["OWN_KEY": "key", "OWN_BASE_URL": "{vendor}"]
        ) { request, _ in await answer(request) }
    }

    private func lane(_ bench: VendorBench) throws -> Lane {
        let call = try bench.call("any:own")
        return try #require(bench.vendors.lane(call.type, call.grant, call.prepared))
    }

    @Test func `what nobody states has a limit that shows itself, and the usual breaker`() async throws {
        let bench = try await bench(.object(JSONObject()))
        let lane = try lane(bench)
        #expect(lane.limits.count == 1 && lane.limits[0].rate == nil && lane.limits[0].places == nil)
        #expect(lane.breaker?.failures == 5)
        #expect(!lane.id.contains("key"), "Nothing of the credential may show.")
        await bench.stop()
    }

    @Test func `takes rates, places, weights and breakers from the manifest`() async throws {
        let bench = try await bench([
            "limits": [
                [
                    "scope": ["credential"], "calls": ["submit"], "requests": 600, "windowMs": 60_000,
                    "penaltyMs": 5000,
                ],
                ["scope": ["credential", "endpoint"], "concurrency": 4, "hold": "submit..final", "weight": "1 + 1"],
            ],
            "breaker": ["scope": ["credential"], "failures": 7, "windowMs": 1000, "openMs": 2000],
        ])
        let lane = try lane(bench)
        #expect(lane.limits.map(\.rate) == [10, nil] && lane.limits.map(\.places) == [nil, 4])
        #expect(lane.limits[0].penalty == .seconds(5) && lane.limits[1].weight == 2 && lane.limits[1].isHeldToTheEnd)
        #expect(lane.limits[0].key != lane.limits[1].key)
        #expect(lane.breaker?.failures == 7 && lane.breaker?.pause == .seconds(2))
        await bench.stop()
    }

    @Test(arguments: [
        ("seconds", "90"), ("duration", "1m30s"), ("duration", "90000ms"), ("rfc3339", "2100-01-01T00:00:00Z"),
    ])
    func `tells what the headers say of the limit`(form: String, text: String) async throws {
        let observed: JSON = [
            "requestsLeft": "X-Left", "requestsReset": "X-Reset", "tokensLeft": "X-Tokens", "resetForm": .string(form),
        ]
        let bench = try await bench(["limits": [["scope": ["credential"], "observe": observed]]]) { _ in
            .json(["text": "Hi."], headers: ["x-left": "7", "x-reset": text, "x-tokens": "1200"])
        }
        let reports = Mutex<[CallReport]>([])
        let before = VendorBench.now()
        _ = try await bench.perform(
            "any:own",
            change: { call in call.report = { report in reports.withLock { $0.append(report) } } }
        )
        let report = try #require(reports.withLock { $0 }.first)
        #expect(report.call == .submit && report.failure == nil && report.callsLeft == 7 && report.tokensLeft == 1200)
        let reset = try #require(report.callsReset)
        #expect(form == "rfc3339" ? reset == Instant("2100-01-01T00:00:00Z") : reset - before >= .seconds(90))
        await bench.stop()
    }

    @Test func `tells of refusals and of calls that did not arrive`() async throws {
        let bench = try await bench(.object(JSONObject())) { _ in
            HTTPResponse(status: 429, headers: ["retry-after": "3"])
        }
        let reports = Mutex<[CallReport]>([])
        let note: @Sendable (CallReport) -> Void = { report in reports.withLock { $0.append(report) } }
        _ = try await bench.perform("any:own", change: { $0.report = note })
        await bench.vendor.stop()
        _ = try await bench.perform("any:own", change: { $0.report = note })
        let seen = reports.withLock { $0 }
        #expect(seen.map(\.failure) == [.rateLimited, .network] && seen.first?.retryAfter == .seconds(3))
        await bench.stop()
    }
}
