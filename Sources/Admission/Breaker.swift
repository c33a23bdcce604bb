import Catalog
import Values

/// Whether calls are made at all: open after failures, then one call at a time tries whether the vendor is back.
struct Breaker {
    /// So many failures with nothing good between them open it, whatever its rule says of windows.
    static let longestRow = 3
    /// The most failures that are remembered.
    private static let memory = 10_000

    private var failures: ArraySlice<Instant> = []
    private var row = 0
    private(set) var openUntil: Instant?
    /// The number of the permit that tries.
    private(set) var probe: Int?

    /// Until when nothing may be called; `nil` when a call may be made.
    func hold(_ rule: BreakerRule, now: Instant) -> Instant? {
        guard let openUntil else { return nil }
        if now < openUntil { return openUntil }
        return probe == nil ? nil : now + rule.pause
    }

    /// Notes that a permit was given; while the breaker is open it is a probe.
    mutating func enter(_ permit: Int) {
        if openUntil != nil { probe = permit }
    }

    /// Notes that a permit came back; a probe of which nothing was heard makes room for the next.
    mutating func leave(_ permit: Int) {
        if probe == permit { probe = nil }
    }

    /// Notes what came of a submit call.
    mutating func note(_ failure: FailureClass?, _ rule: BreakerRule, now: Instant) {
        switch failure {
        case .permission, .payment, .notFound: open(rule, now)
        case .overloaded, .providerInternal, .timeout, .network, .unknownOutcome:
            row += 1
            failures.append(now)
            while let first = failures.first, now - first > rule.window || failures.count > Self.memory {
                failures.removeFirst()
            }
            if openUntil != nil || row >= Self.longestRow || failures.count >= rule.failures { open(rule, now) }
        // Every other answer shows that the vendor is there.
        default: self = Breaker()
        }
    }

    private mutating func open(_ rule: BreakerRule, _ now: Instant) {
        openUntil = now + rule.pause
        probe = nil
        failures = []
        row = 0
    }
}
