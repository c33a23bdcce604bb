import Admission
import Catalog
import Engine
import Values

extension VendorAttempt {
    /// Tells admission what came of a call, with what the vendor's headers say of its limits.
    @inline(never)  // Kept out of the frames of calls that wait.
    func tell(_ kind: CallKind, _ failure: NodeError?, _ headers: [String: String]) {
        var message = CallReport(kind, failure: failure?.failure, retryAfter: failure?.retryAfter)
        let now = now()
        for observed in plan.envelope.limits.compactMap(\.observed) {
            func number(_ name: String?) -> Double? { name.flatMap { headers[$0.lowercased()] }.flatMap(Double.init) }
            func time(_ name: String?) -> Instant? {
                name.flatMap { headers[$0.lowercased()] }.flatMap { observed.resetForm.time($0, now: now) }
            }
            message.callsLeft = number(observed.requestsLeft) ?? message.callsLeft
            message.callsReset = time(observed.requestsReset) ?? message.callsReset
            message.tokensLeft = number(observed.tokensLeft) ?? message.tokensLeft
            message.tokensReset = time(observed.tokensReset) ?? message.tokensReset
        }
        order.report(message)
    }
}

extension ObservedLimit.ResetForm {
    /// The moment that a header names; `nil` when it names none.
    func time(_ text: String, now: Instant) -> Instant? {
        switch self {
        case .rfc3339: return Instant(text)
        case .seconds:
            guard let seconds = Double(text), seconds >= 0, seconds < 86_400 * 31 else { return nil }
            return now + .milliseconds(Int64(seconds * 1000))
        case .duration:
            var milliseconds = 0.0
            var digits = ""
            var unit = ""
            func value() -> Double? {
                guard let number = Double(digits) else { return nil }
                return ["h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1][unit].map { number * $0 }
            }
            for character in text {
                if character.isNumber || character == "." {
                    if !unit.isEmpty {
                        guard let value = value() else { return nil }
                        milliseconds += value
                        (digits, unit) = ("", "")
                    }
                    digits.append(character)
                } else {
                    unit.append(character)
                }
            }
            guard let value = value(), milliseconds + value < 86_400_000 * 31 else { return nil }
            return now + .milliseconds(Int64(milliseconds + value))
        }
    }
}
