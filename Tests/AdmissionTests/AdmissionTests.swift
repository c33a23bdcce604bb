import Admission
import Catalog
import Testing
import Values

/// Places, lines and breakers.
struct AdmissionTests {
    private let clock = ManualClock()
    private let calls = Calls()
    private let admissions: Admissions

    init() {
        let clock = clock
        admissions = Admissions { clock.now }
    }

    private func lane(places: Int? = nil, isOurs: Bool = true, breaker: Bool = false, id: String = "key") -> Lane {
        var rule = LimitRule(key: "key")
        rule.places = places
        rule.isOurs = isOurs
        return Lane(id: id, limits: [rule], breaker: breaker ? BreakerRule(key: "key") : nil)
    }

    private func enter(_ name: String, _ lane: Lane, account: String = "a", workflow: String = "w", run: String = "r")
        -> Admissions.Entry
    {
        let calls = calls
        return admissions.enter(lane, Turn(account: account, workflow: workflow, run: run)) { calls.add(name, $0) }
    }

    private func permit(_ entry: Admissions.Entry) throws -> Admissions.Permit {
        guard case .granted(let permit) = entry else { throw Held() }
        return permit
    }

    private struct Held: Error {}

    @Test func `accounts take turns, in them workflows, in those runs`() throws {
        let lane = lane(places: 1)
        var permit = try permit(enter("first", lane))
        for name in ["a1", "a2", "a3"] { _ = enter(name, lane, account: "a", workflow: "w1") }
        _ = enter("a4", lane, account: "a", workflow: "w2")
        for name in ["b1", "b2"] { _ = enter(name, lane, account: "b") }
        var order: [String] = []
        for _ in 0..<6 {
            admissions.leave(permit)
            let called = calls.drain()
            #expect(called.count == 1)
            order.append(called[0].name)
            permit = called[0].permit
        }
        #expect(order == ["a1", "b1", "a4", "b2", "a2", "a3"])
    }

    @Test func `a place of ours and a place of the vendor are told apart`() throws {
        let ours = lane(places: 1)
        _ = try permit(enter("x", ours))
        guard case .waiting(.place) = enter("y", ours) else { throw Held() }
        let theirs = lane(places: 1, isOurs: false)
        guard case .waiting(.limit(until: nil)) = enter("z", theirs) else { throw Held() }
    }

    @Test func `a permit nobody used gives its part of the rate back`() throws {
        var rule = LimitRule(key: "key")
        rule.rate = 1
        let lane = Lane(id: "key", limits: [rule])
        let first = try permit(enter("x", lane))
        guard case .waiting(.limit(until: .some)) = enter("y", lane) else { throw Held() }
        admissions.leave(first, unused: true)
        #expect(calls.drain().map(\.name) == ["y"])
    }

    @Test func `refused for too many at once, it keeps fewer under way`() throws {
        let lane = lane()
        let permits = try (0..<5).map { try permit(enter("\($0)", lane)) }
        admissions.note(CallReport(.submit, failure: .concurrency), under: permits[4])
        admissions.leave(permits[4])
        guard case .waiting = enter("x", lane) else { throw Held() }
        admissions.leave(permits[0])
        #expect(calls.drain().count == 1)
    }

    @Test(arguments: [FailureClass.network, .overloaded, .providerInternal, .timeout])
    func `three failures in a row open a breaker, one call at a time tries again`(failure: FailureClass) throws {
        let lane = lane(breaker: true)
        for _ in 0..<3 {
            #expect(admissions.closed(lane) == nil)
            let permit = try permit(enter("x", lane))
            admissions.note(CallReport(.submit, failure: failure), under: permit)
            admissions.leave(permit)
        }
        let until = try #require(admissions.closed(lane))
        for name in ["a", "b", "c"] {
            guard case .waiting(.breaker(until: until)) = enter(name, lane) else { throw Held() }
        }
        #expect(admissions.nextTurn == until)
        clock.advance(to: until)
        admissions.pump()
        let probe = calls.drain()
        #expect(probe.map(\.name) == ["a"])
        admissions.pump()
        #expect(calls.drain().isEmpty)
        admissions.note(CallReport(.submit, failure: failure), under: probe[0].permit)
        admissions.leave(probe[0].permit)
        #expect(calls.drain().isEmpty)
        clock.advance(by: .seconds(10))
        admissions.pump()
        let second = calls.drain()
        #expect(second.map(\.name) == ["b"])
        admissions.note(CallReport(.submit), under: second[0].permit)
        #expect(calls.drain().map(\.name) == ["c"])
        #expect(admissions.closed(lane) == nil)
    }

    @Test(arguments: [FailureClass.permission, .payment, .notFound])
    func `what only the operator can mend opens it at once`(failure: FailureClass) throws {
        let lane = lane(breaker: true)
        let permit = try permit(enter("x", lane))
        admissions.note(CallReport(.submit, failure: failure), under: permit)
        #expect(admissions.closed(lane) != nil)
    }

    @Test func `a probe of which nothing is heard makes room for the next`() throws {
        let lane = lane(breaker: true)
        let first = try permit(enter("x", lane))
        admissions.note(CallReport(.submit, failure: .payment), under: first)
        admissions.leave(first)
        clock.advance(by: .seconds(10))
        let probe = try permit(enter("y", lane))
        guard case .waiting(.breaker) = enter("z", lane) else { throw Held() }
        admissions.leave(probe, unused: true)
        #expect(calls.drain().map(\.name) == ["z"])
    }

    @Test func `an attempt that is under way is counted whatever the limit says`() throws {
        let lane = lane(places: 1)
        let first = admissions.occupy(lane)
        let second = admissions.occupy(lane)
        guard case .waiting = enter("x", lane) else { throw Held() }
        admissions.leave(first)
        #expect(calls.drain().isEmpty)
        admissions.leave(second)
        #expect(calls.drain().count == 1)
    }
}
