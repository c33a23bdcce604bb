import Catalog
import Values

/// How fast a vendor may be called: by what its manifest says, by what its headers say, and else by its refusals.
///
/// Without headers it mirrors the vendor's own bucket. At each refusal that bucket is empty, so what was taken between two
/// refusals over the time between them is the rate that the vendor allows; from there on it grows slowly until the next one.
/// Before two refusals agree on a rate it grows fast: a first one says little.
struct CallRate {
    /// By how much the rate grows in a second without refusals.
    private static let growth = 0.005
    /// By how much it grows in a second while nothing is known.
    private static let searching = 0.5
    /// The slowest rate, in calls per second.
    private static let slowest = 1.0 / 60

    /// The most that is ever tried, in calls per second.
    private let ceiling: Double?
    /// What a refusal has shown while the rate was sought.
    private var sought: (rate: Double, at: Instant)?
    /// Calls per second; `nil` while no limit has shown itself.
    private(set) var rate: Double?
    /// Whether refusals agree on the rate.
    private var isMeasured = false
    private var tokens = 0.0
    private var filledAt: Instant
    private var blockedUntil: Instant?
    /// The refusal from which on calls are counted, before the first one the first call, and what was taken since: all
    /// calls that were begun and are not refused.
    private var mark: (at: Instant, taken: Double, blocked: Duration)?
    /// The last time that calls were refused together, and what was counted by then.
    private var cut: (at: Instant, window: Double, taken: Double, before: Double?)?
    /// What the vendor's headers say.
    private var told: Told?
    private var tokenUse: (left: Double, average: Double)?
    /// The calls under way.
    private var open = 0

    private struct Told {
        var left: Double
        var at: Instant
        var reset: Instant?
        /// Calls that become free in a second, as far as that was seen.
        var refill = 0.0
        var sample: (left: Double, at: Instant, answers: Double)
        var answers = 0.0
    }

    /// A rate with what is known of it, in calls per second.
    init(known: Double?, now: Instant) {
        ceiling = known
        rate = known
        isMeasured = known != nil
        filledAt = now
        tokens = Self.burst(known ?? 0)
    }

    /// When the next call may be made; `nil` for now.
    mutating func next(_ now: Instant) -> Instant? {
        fill(now)
        if let blockedUntil, blockedUntil > now { return blockedUntil }
        if let told, let until = Self.wait(told, open, now) { return until }
        guard told == nil, let rate, tokens < 1 else { return nil }
        return now + .seconds((1 - tokens) / rate) + .milliseconds(1)
    }

    /// Notes that a call is made.
    mutating func begin(_ now: Instant) {
        fill(now)
        tokens -= 1
        open += 1
        if mark == nil { mark = (now, 0, .zero) }
        mark?.taken += 1
    }

    /// Notes that a call is not made after all.
    mutating func giveBack() {
        tokens += 1
        open = max(0, open - 1)
        mark?.taken -= 1
    }

    /// Notes an answer, or that none will come.
    mutating func end(_ report: CallReport?, penalty: Duration?, now: Instant) {
        open = max(0, open - 1)
        guard let report else { return }
        fill(now)
        if let left = report.callsLeft {
            hear(left, report.callsReset, now, isRefused: report.failure == .rateLimited)
        } else if let told, now - told.at > .seconds(60) {
            self.told = nil
        }
        if let left = report.tokensLeft { hearTokens(left, report.tokensReset, now) }
        if report.failure == .rateLimited { refuse(report.retryAfter ?? penalty, now) }
    }

    // MARK: The bucket

    /// What may be called at once after a pause: the calls of one second, at least one.
    private static func burst(_ rate: Double) -> Double { max(1, min(rate, 20)) }

    private mutating func fill(_ now: Instant) {
        let seconds = (now - filledAt) / .seconds(1)
        guard seconds > 0 else { return }
        filledAt = now
        guard let rate else { return }
        tokens = min(tokens + rate * seconds, Self.burst(rate))
        let grown = rate * (1 + (isMeasured ? Self.growth : Self.searching) * min(seconds, 10))
        self.rate = ceiling.map { min($0, grown) } ?? grown
    }

    private mutating func refuse(_ pause: Duration?, _ now: Instant) {
        let before = blockedUntil.map { max($0, now) } ?? now
        if let pause { blockedUntil = max(before, now + pause) }
        if told != nil {
            told?.left = 0
            if pause == nil { blockedUntil = told?.reset ?? now + .seconds(1) }
            return
        }
        tokens = 0
        // Calls that went out together are refused together; each takes back its share of what was counted.
        if let cut, now - cut.at < .milliseconds(100) {
            self.cut?.taken -= 1
        } else {
            let window = mark.map { (now - $0.at - $0.blocked) / .seconds(1) } ?? 0
            cut = (now, window, (mark?.taken ?? 1) - 1, rate)
            // While the rate is sought, and after a long time, counting begins anew; else the window grows.
            if !isMeasured || window >= 10 { mark = (now, 0, .zero) } else { mark?.taken -= 1 }
        }
        // Through a long pause the vendor's bucket runs over: only a second of it counts.
        if let pause, cut?.at == now { mark?.blocked += max(.zero, pause - .seconds(1)) }
        if let cut { rate = max(Self.slowest, min(rate(after: cut), ceiling ?? .infinity)) }
    }

    /// The rate that follows from a refusal.
    private mutating func rate(after cut: (at: Instant, window: Double, taken: Double, before: Double?)) -> Double {
        let taken = max(cut.taken, 1)
        // Of a first refusal: what was taken so far came out of a full bucket and says little.
        guard let before = cut.before else { return taken / max(cut.window, 1) }
        guard cut.window >= 0.5 else { return before * 0.7 }
        let seen = taken / cut.window * 0.97
        guard !isMeasured else { return seen }
        // What was taken while the rate was sought may be less than what could have been: two in a row have to agree.
        if let sought, sought.at < cut.at, abs(seen - sought.rate) < 0.3 * sought.rate { isMeasured = true }
        sought = (seen, cut.at)
        return isMeasured ? seen : max(seen, before * 0.6)
    }

    // MARK: The headers

    private mutating func hear(_ left: Double, _ reset: Instant?, _ now: Instant, isRefused: Bool) {
        guard var told else {
            self.told = Told(left: left, at: now, reset: reset, sample: (left, now, 0))
            return
        }
        // A refused call took nothing that could have become free again.
        if !isRefused { told.answers += 1 }
        let seconds = (now - told.sample.at) / .seconds(1)
        if seconds >= 1 {
            // A bucket that was full in between has taken less than it could: what is seen is the least.
            let seen = max(0, (left - told.sample.left + told.answers - told.sample.answers - 1) / seconds)
            told.refill = seen >= told.refill ? seen : told.refill * 0.8 + seen * 0.2
            told.sample = (left, now, told.answers)
        }
        (told.left, told.at, told.reset) = (left, now, reset)
        self.told = told
    }

    /// When the vendor takes a further call by what it has told; `nil` for now.
    private static func wait(_ told: Told, _ open: Int, _ now: Instant) -> Instant? {
        let left = told.left - Double(open) + told.refill * 0.95 * ((now - told.at) / .seconds(1))
        // Answers may overtake each other: with calls under way one is kept in hand.
        let wanted = open == 0 ? 1.0 : 2.0
        guard left < wanted else { return nil }
        // Once it is fresh again a single call finds out how much is left.
        let reset = told.reset ?? told.at + .seconds(1)
        if reset <= now { return open == 0 ? nil : now + .milliseconds(50) }
        guard told.refill > 0 else { return max(reset, now + .milliseconds(10)) }
        return min(
            max(reset, now + .milliseconds(10)),
            now + .seconds((wanted - left) / told.refill) + .milliseconds(1)
        )
    }

    private mutating func hearTokens(_ left: Double, _ reset: Instant?, _ now: Instant) {
        let used = tokenUse.map { max(0, $0.left - left) } ?? 0
        let average = tokenUse.map { $0.average * 0.8 + used * 0.2 } ?? 0
        tokenUse = (left, average)
        guard left < max(1, average), let reset, reset > now else { return }
        blockedUntil = max(blockedUntil ?? now, reset)
    }
}

extension Duration {
    /// A span of so many seconds, held within a day.
    fileprivate static func seconds(_ seconds: Double) -> Duration {
        .microseconds(Int64(min(max(seconds, 0), 86_400) * 1_000_000))
    }
}
