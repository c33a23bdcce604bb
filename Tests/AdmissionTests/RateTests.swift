import Admission
import Catalog
import Testing
import Values

/// How near the rate of calls comes to what a vendor allows, and how often the vendor refuses.
struct RateTests {
    /// A thousand items, some at a time, against 600 calls a minute with a burst of ten.
    private struct Batch {
        let clock = ManualClock()
        let admissions: Admissions
        let calls = Calls()
        let lane: Lane
        var vendor: BucketVendor
        /// The answers under way: when they come, and what they say.
        var answers: [(at: Instant, permit: Admissions.Permit, report: CallReport)] = []
        /// Refusals after the first calls, which are made before anything is known.
        var refusedLater = 0
        let atOnce: Int
        /// How soon a refusal comes.
        let refusal: Duration
        let isTelling: Bool
        let retryAfter: Duration?

        init(isTelling: Bool, retryAfter: Duration?, known: Double? = nil, atOnce: Int = 8, refusal: Duration) {
            self.atOnce = atOnce
            self.refusal = refusal
            self.isTelling = isTelling
            self.retryAfter = retryAfter
            let clock = clock
            admissions = Admissions { clock.now }
            var rule = LimitRule(key: "key")
            rule.rate = known
            lane = Lane(id: "key", limits: [rule])
            vendor = BucketVendor(perSecond: 10, burst: 10, now: clock.now)
        }

        mutating func ask(_ item: Int) {
            let calls = calls
            let entry = admissions.enter(lane, Turn(account: "a", workflow: "w", run: "r")) { calls.add("\(item)", $0) }
            if case .granted(let permit) = entry { send(permit) }
        }

        mutating func send(_ permit: Admissions.Permit) {
            let now = clock.now
            let before = vendor.taken + vendor.refused
            var report = CallReport(.submit)
            if !vendor.call(now) {
                report.failure = .rateLimited
                report.retryAfter = retryAfter
                if before >= max(20, atOnce) { refusedLater += 1 }
            }
            if isTelling {
                report.callsLeft = vendor.tokens.rounded(.down)
                let missing = vendor.burst - vendor.tokens
                report.callsReset =
                    now + (report.failure == nil ? .milliseconds(80) : refusal)
                    + .milliseconds(Int64(missing / vendor.perSecond * 1000))
            }
            answers.append((now + (report.failure == nil ? .milliseconds(80) : refusal), permit, report))
        }

        /// How long the whole batch took.
        mutating func run(_ count: Int) -> Duration {
            let start = clock.now
            var asked = 0
            var done = 0
            var pauses: [Instant] = []
            for _ in 0..<atOnce {
                ask(asked)
                asked += 1
            }
            for _ in 0..<10_000_000 where done < count {
                for call in calls.drain() { send(call.permit) }
                var next = answers.map(\.at) + pauses
                if let turn = admissions.nextTurn { next.append(max(turn, clock.now + .milliseconds(1))) }
                clock.advance(to: next.min() ?? clock.now + .seconds(1))
                let due = answers.filter { $0.at <= clock.now }
                answers.removeAll { $0.at <= clock.now }
                for answer in due {
                    admissions.note(answer.report, under: answer.permit)
                    admissions.leave(answer.permit)
                    if answer.report.failure == nil {
                        done += 1
                        ask(asked)
                        asked += 1
                    } else {
                        pauses.append(clock.now + .seconds(1))
                    }
                }
                for _ in pauses.filter({ $0 <= clock.now }) { ask(asked) }
                pauses.removeAll { $0 <= clock.now }
                admissions.pump()
            }
            return clock.now - start
        }
    }

    @Test(
        arguments: [
            (isTelling: true, retryAfter: Duration?.none, known: Double?.none), (true, .seconds(1), nil),
            (false, nil, nil), (false, .seconds(1), nil), (false, nil, 10), (true, nil, 10),
        ],
        [(8, .milliseconds(80)), (20, .milliseconds(80)), (20, .milliseconds(1)), (100, .milliseconds(1))]
            as [(Int, Duration)]
    )
    func `a limit nobody stated is used to nine tenths`(
        _ vendor: (isTelling: Bool, retryAfter: Duration?, known: Double?),
        _ crowd: (atOnce: Int, refusal: Duration)
    ) {
        let atOnce = crowd.atOnce
        let isTelling = vendor.isTelling
        var batch = Batch(
            isTelling: isTelling,
            retryAfter: vendor.retryAfter,
            known: vendor.known,
            atOnce: atOnce,
            refusal: crowd.refusal
        )
        let time = batch.run(1000)
        let allowed = 10 + 10 * (time / .seconds(1))
        #expect(1000 / allowed >= 0.9, "\(time), \(batch.vendor.refused) refused")
        #expect(batch.vendor.refused < 60 + atOnce, "\(batch.vendor.refused) refused")
        if isTelling { #expect(batch.refusedLater == 0) }
    }

    @Test(arguments: [Duration?.none, .seconds(5)])
    func `when nothing is left it waits until the number is fresh, then a single call asks`(reset: Duration?) throws {
        let clock = ManualClock()
        let admissions = Admissions { clock.now }
        let calls = Calls()
        let lane = Lane(id: "key", limits: [LimitRule(key: "key")])
        let turn = Turn(account: "a", workflow: "w", run: "r")
        guard case .granted(let first) = admissions.enter(lane, turn, orElse: { calls.add("", $0) }) else {
            Issue.record("held")
            return
        }
        var report = CallReport(.submit)
        report.callsLeft = 0
        report.callsReset = reset.map { clock.now + $0 }
        admissions.note(report, under: first)
        admissions.leave(first)
        for _ in 0..<3 { _ = admissions.enter(lane, turn, orElse: { calls.add("", $0) }) }
        let next = try #require(admissions.nextTurn)
        #expect(next - clock.now == reset ?? .seconds(1))
        clock.advance(to: next)
        admissions.pump()
        #expect(calls.drain().count == 1)
    }

    @Test func `a vendor that never refuses is never slowed down`() {
        let clock = ManualClock()
        let admissions = Admissions { clock.now }
        let lane = Lane(id: "key", limits: [LimitRule(key: "key")])
        for _ in 0..<10_000 {
            guard case .granted = admissions.enter(lane, Turn(account: "a", workflow: "w", run: "r"), orElse: { _ in })
            else {
                Issue.record("held")
                return
            }
        }
    }

    @Test func `a stated rate is kept, for polls too`() {
        let clock = ManualClock()
        let admissions = Admissions { clock.now }
        var rule = LimitRule(key: "key")
        rule.rate = 2
        let lane = Lane(id: "key", limits: [rule])
        var delays: [Duration] = []
        for _ in 0..<8 { delays.append(admissions.delay(of: .status, on: lane)) }
        #expect(delays.first == .zero)
        #expect(delays.last.map { $0 > .seconds(2) && $0 < .seconds(4) } == true)
    }
}
