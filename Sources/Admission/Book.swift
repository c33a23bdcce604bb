import Catalog
import Values

/// What is known of all limits and breakers, and who has which permit.
struct Book {
    /// So many limits or breakers are remembered before those that nobody uses are forgotten.
    private static let memory = 4096

    /// One limit.
    private struct Limit {
        var rate: CallRate
        var used = 0
        /// The most attempts at once by what the vendor has refused; `nil` while it has refused none.
        var places: Int?
        var placesAt: Instant
    }

    /// A permit that was not given back.
    private struct Open {
        let lane: Lane
        /// The limits of which it holds places.
        var held: [LimitRule]
        var isAnswered = false
    }

    private var limits: [String: Limit] = [:]
    private(set) var breakers: [String: Breaker] = [:]
    var lines: [String: Line] = [:]
    private var open: [Int: Open] = [:]
    private var lastPermit = 0
    /// The way that was served last, so that ways that share a limit take turns.
    private var lastServed = ""

    // MARK: Permits

    /// What keeps an attempt on a way from being made; `nil` when nothing does.
    mutating func hold(_ lane: Lane, _ now: Instant) -> Hold? {
        if let rule = lane.breaker, let until = breakers[rule.key]?.hold(rule, now: now) {
            return .breaker(until: until)
        }
        for rule in lane.limits {
            var limit = limit(rule, now)
            let places = min(rule.places ?? .max, limit.places ?? .max)
            // What takes more places than there are goes alone.
            if limit.used > 0, limit.used + rule.weight > places { return rule.isOurs ? .place : .limit(until: nil) }
            guard rule.counts(.submit) else { continue }
            let next = limit.rate.next(now)
            limits[rule.key] = limit
            if let next { return .limit(until: next) }
        }
        return nil
    }

    mutating func take(_ lane: Lane, _ now: Instant) -> Admissions.Permit {
        lastPermit += 1
        for rule in lane.limits {
            var limit = limit(rule, now)
            limit.used += rule.weight
            if rule.counts(.submit) { limit.rate.begin(now) }
            limits[rule.key] = limit
        }
        if let rule = lane.breaker { breakers[rule.key]?.enter(lastPermit) }
        open[lastPermit] = Open(lane: lane, held: lane.limits)
        return Admissions.Permit(number: lastPermit)
    }

    mutating func leave(_ permit: Admissions.Permit, _ unused: Bool, _ now: Instant) {
        guard let entry = open[permit.number] else { return }
        if !entry.isAnswered {
            for rule in entry.lane.limits where rule.counts(.submit) {
                if unused {
                    limits[rule.key]?.rate.giveBack()
                } else {
                    limits[rule.key]?.rate.end(nil, penalty: nil, now: now)
                }
            }
        }
        for rule in open[permit.number]?.held ?? [] { limits[rule.key]?.used -= rule.weight }
        if let rule = entry.lane.breaker { breakers[rule.key]?.leave(permit.number) }
        open[permit.number] = nil
    }

    // MARK: Reports

    mutating func note(_ report: CallReport, _ permit: Admissions.Permit, _ now: Instant) {
        guard let entry = open[permit.number] else { return }
        for rule in entry.lane.limits {
            if report.failure == .concurrency { crowd(rule, now) }
            if report.call != .submit, rule.counts(report.call) {
                limits[rule.key]?.rate.end(report, penalty: rule.penalty, now: now)
            }
        }
        guard report.call == .submit else { return }
        if let rule = entry.lane.breaker, report.failure != nil || breakers[rule.key] != nil {
            breakers[rule.key, default: Breaker()].note(report.failure, rule, now: now)
        }
        answer(permit, report, now)
        for rule in entry.held where !rule.isHeldToTheEnd { limits[rule.key]?.used -= rule.weight }
        open[permit.number]?.held.removeAll { !$0.isHeldToTheEnd }
    }

    /// Notes the answer to the submit call of a permit; a second one, of a call that was sent again, counts as well.
    mutating func answer(_ permit: Admissions.Permit, _ report: CallReport?, _ now: Instant) {
        guard let entry = open[permit.number] else { return }
        for rule in entry.lane.limits where rule.counts(.submit) {
            if entry.isAnswered { limits[rule.key]?.rate.begin(now) }
            limits[rule.key]?.rate.end(report, penalty: rule.penalty, now: now)
        }
        open[permit.number]?.isAnswered = true
    }

    /// Takes the number of attempts under way as too many; the number grows again when nothing is refused for a while.
    private mutating func crowd(_ rule: LimitRule, _ now: Instant) {
        guard var limit = limits[rule.key] else { return }
        limit.places = max(1, min(limit.places ?? limit.used, limit.used) - 1)
        limit.placesAt = now
        limits[rule.key] = limit
    }

    mutating func delay(_ call: CallKind, _ lane: Lane, _ now: Instant) -> Duration {
        var longest = Duration.zero
        for rule in lane.limits where rule.counts(call) {
            var limit = limit(rule, now)
            if let next = limit.rate.next(now) { longest = max(longest, next - now) }
            limit.rate.begin(now)
            limits[rule.key] = limit
        }
        return longest
    }

    // MARK: Lines

    mutating func called(_ now: Instant) -> [(Waiter, Admissions.Permit)] {
        var called: [(Waiter, Admissions.Permit)] = []
        var names = lines.keys.sorted()
        if let place = names.firstIndex(where: { $0 > lastServed }) { names = Array(names[place...] + names[..<place]) }
        var isServing = true
        while isServing {
            isServing = false
            for name in names {
                guard let lane = lines[name]?.lane, hold(lane, now) == nil, let waiter = lines[name]?.queue.popFirst()
                else { continue }
                called.append((waiter, take(waiter.lane, now)))
                lastServed = name
                isServing = true
            }
        }
        for name in names where lines[name]?.queue.isEmpty == true { lines[name] = nil }
        return called
    }

    private mutating func limit(_ rule: LimitRule, _ now: Instant) -> Limit {
        if var limit = limits[rule.key] {
            if let places = limit.places, now - limit.placesAt > .seconds(30) {
                (limit.places, limit.placesAt) = (places + 1, now)
                limits[rule.key] = limit
            }
            return limit
        }
        if limits.count >= Self.memory {
            let inUse = Set(lines.values.flatMap { $0.lane.limits.map(\.key) })
            limits = limits.filter { $0.value.used > 0 || inUse.contains($0.key) }
            breakers = breakers.filter { $0.value.openUntil != nil }
        }
        let limit = Limit(rate: CallRate(known: rule.rate, now: now), placesAt: now)
        limits[rule.key] = limit
        return limit
    }
}
