import Catalog
import Engine
import Testing
import Values

/// What follows when vendors fail: waiting for one that is down, fallbacks, unknown outcomes.
struct VendorFailureTests {
    private static func graph(_ policy: String) -> String {
        """
        {"nodes": [{"id": "a", "data": {"nodeType": "llm:one", "config": {"prompt": "x"}, "policy": \(policy)}}], "edges": []}
        """
    }

    @Test func `a vendor that is down for everybody is waited for and uses up no attempt`() throws {
        var harness = try RunHarness(Self.graph("{}"))
        var down = NodeError(.network, "no connection", accepted: .no)
        down.isVendorDown = true
        for _ in 0..<20 {
            try harness.fail("a", down)
            #expect(harness.run.view.waiting?.wait.reason == .circuitOpen)
            try harness.wait(.seconds(10))
        }
        harness.hasMeans = true
        try harness.restart()
        try harness.resolveAll()
        try harness.fail("a", NodeError(.overloaded, "busy", accepted: .no))
        #expect(harness.run.view.waiting?.wait.reason == .backoff, "Its repetitions are all left.")
        try harness.wait(.seconds(1))
        try harness.succeed("a", ["text": .text("x")])
        #expect(harness.run.end?.phase == .completed)
    }

    @Test func `the wait for a turn does not count towards the wait for a vendor's limit`() throws {
        var harness = try RunHarness(Self.graph("{}"), admits: false)
        let asked = try #require(harness.asked.first)
        harness.now = harness.now + .seconds(3600)
        harness.admits = true
        try harness.step(.admitted(asked, harness.grant(asked)))
        try harness.fail("a", NodeError(.rateLimited, "slow down", accepted: .no))
        #expect(harness.run.view.waiting?.wait.reason == .rateLimit)
    }

    @Test func `fallbacks serve after the offers of the type, with their own settings`() throws {
        let policy = #"{"fallbacks": [{"nodeType": "llm:safe"}], "retry": {"maxRetries": 0}}"#
        var harness = try RunHarness(Self.graph(policy))
        let refused = NodeError(.permission, "no", accepted: .no)
        var offers: [String] = []
        for _ in 0..<3 {
            let grant = try #require(harness.run.view.nodes[0].attempts.last?.grant)
            offers.append("\(grant.fallbackType ?? "own") \(grant.offer)")
            guard offers.count < 3 else { break }
            try harness.fail("a", refused)
            try harness.wait(.zero)
        }
        #expect(offers == ["own a", "own b", "llm:safe a"])
        let address = harness.calls[0].address
        let own = try harness.run.prepare(address, now: harness.now)
        #expect(try harness.run.prepare(fallback: 0, own, address).inputs == ["prompt": .text("x")])
        try harness.fail("a", refused)
        #expect(harness.run.end?.phase == .failed)
    }

    @Test(arguments: [EffectClass.once, .keyed])
    func `a lost call is not repeated under another key`(effect: EffectClass) throws {
        var harness = try RunHarness(Self.graph(#"{"onUnknown": "ask"}"#), admits: false)
        harness.effect = effect
        harness.admits = true
        try harness.step(.admitted(harness.asked[0], harness.grant(harness.asked[0])))
        try harness.fail("a", NodeError(.timeout, "silent", accepted: .unknown))
        #expect(harness.run.view.waiting?.wait.reason == .unknownOutcome)
    }

    @Test func `a text without a word is no result of a model`() throws {
        var harness = try RunHarness(Self.graph("{}"))
        try harness.succeed("a", ["text": .text(" \n")], cost: Money(nano: 5))
        #expect(harness.run.end?.error?.code == "contract")
        #expect(harness.run.view.cost == Money(nano: 5), "It was paid all the same.")
    }

    @Test func `more calls of a vendor than sixteen are not stored`() throws {
        var harness = try RunHarness(Self.graph("{}"))
        let address = harness.calls[0].address
        for number in 0..<20 {
            let callback = VendorCallback(keep: ["jobId": "j"], phase: nil, body: .int(Int64(number)))
            try harness.step(.calledBack(address, attempt: 1, callback))
        }
        #expect(harness.journal.count { if case .calledBack = $0 { true } else { false } } == 16)
        #expect(harness.notified.count == 16)
        #expect(harness.run.view.nodes[0].attempts[0].callbacks == 16)
    }
}
