public import Catalog
public import Values

/// How often and when a node is tried again.
public struct RetryPolicy: Sendable, Hashable {
    /// The most repetitions after the first attempt, on one offer.
    public var maximumRetries = 3
    /// The pause before the first repetition.
    public var initialDelay: Duration = .seconds(1)
    /// What each further pause is multiplied by.
    public var factor = 4.0
    /// The longest pause.
    public var maximumDelay: Duration = .seconds(60)
    /// The share of a pause that is random, from 0 to 1.
    public var jitter = 0.0
    /// The classes of failure that are repeated.
    public var classes: Set<FailureClass> = [.timeout, .overloaded, .providerInternal, .network]

    /// Three repetitions after 1, 4 and 16 seconds.
    public init() {}

    /// The pause before a repetition.
    ///
    /// - Parameters:
    ///   - retry: The number of the repetition, from 1.
    ///   - random: A number from 0 to 1 that spreads the pause by ``jitter``.
    /// - Returns: The pause, at most ``maximumDelay`` before it is spread.
    public func delay(before retry: Int, random: Double) -> Duration {
        var seconds = Double(initialDelay.wholeMicroseconds) / 1e6
        for _ in 1..<max(1, retry) { seconds *= factor }
        seconds = min(seconds, Double(maximumDelay.wholeMicroseconds) / 1e6)
        return .microseconds(Int64(seconds * (1 + jitter * (random * 2 - 1)) * 1e6))
    }
}

/// How a node deals with failures, waiting and repetition (contract §9.2).
public struct NodePolicy: Sendable, Hashable {
    /// What a failure of the node means for the others.
    public enum OnError: String, Sendable, Hashable, CaseIterable {
        /// The run's failure policy decides.
        case fail
        /// Its outputs are absent, the run goes on.
        case `continue`
        /// As ``continue``, and the error leaves through the port `error`.
        case route
        /// The values of ``NodePolicy/defaults`` stand in for the outputs.
        case `default`
    }

    /// What is done when nobody can say whether a call was accepted.
    public enum OnUnknown: String, Sendable, Hashable, CaseIterable {
        /// It is made again, and may be bought twice.
        case retry
        /// The run waits for a person's answer.
        case ask
        /// The node fails.
        case fail
    }

    /// When a node with several sources may run.
    public enum JoinMode: String, Sendable, Hashable, CaseIterable {
        /// When all of them are resolved.
        case all
        /// At the first one that has completed.
        case any
    }

    /// The longest an attempt may take; `nil` takes what the offer states.
    public var timeout: Duration?
    /// How often a failed attempt is repeated.
    public var retry = RetryPolicy()
    /// What an unknown outcome leads to; `nil` decides by price and side effects.
    public var onUnknown: OnUnknown?
    /// What a failure means for the others.
    public var onError: OnError = .fail
    /// How many items of the node run at once.
    public var concurrency = 8
    /// When the node may run.
    public var joinMode: JoinMode = .all
    /// Whether the sources that came too late for ``JoinMode/any`` are stopped.
    public var cancelsLosers = false
    /// What the outputs have to be.
    public var quality: QualityGate?
    /// What stands in for the outputs when the node fails, by port.
    public var defaults: [String: Value] = [:]

    /// Whether results of equal calls may be used; `nil` leaves it to the run.
    public var cache: CacheMode?

    /// The defaults.
    public init() {}

    /// The members that a policy may have (contract §9.2).
    static let members = [
        "timeoutMs", "retry", "onUnknown", "fallbacks", "quality", "onError", "cache", "concurrency", "joinMode",
        "cancelLosers", "default",
    ]

    /// Reads the object `data.policy`; problems are added to the findings and the default is kept.
    init(_ object: JSONObject, node: String, findings: inout [Violation]) {
        func report(_ name: String, _ reason: String) {
            findings.append(
                Violation(.badConfig, "policy.\(name) \(reason).", node: node, path: "policy.\(name)")
            )
        }
        func milliseconds(_ object: JSONObject, _ name: String, _ range: ClosedRange<Int64>) -> Duration? {
            guard let value = object[name], !value.isNull else { return nil }
            guard let number = value.integer, range.contains(number) else {
                report(name, "must be a whole number of milliseconds from \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return .milliseconds(number)
        }
        func word<Word: RawRepresentable & CaseIterable>(_ name: String) -> Word? where Word.RawValue == String {
            guard let value = object[name], !value.isNull else { return nil }
            guard let word = value.string.flatMap(Word.init(rawValue:)) else {
                report(name, "must be one of: \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
                return nil
            }
            return word
        }
        func number(_ object: JSONObject, _ name: String, _ range: ClosedRange<Double>) -> Double? {
            guard let value = object[name], !value.isNull else { return nil }
            guard let number = value.number, range.contains(number) else {
                report(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return number
        }
        timeout = milliseconds(object, "timeoutMs", 1...(30 * 86_400_000))
        onUnknown = word("onUnknown")
        onError = word("onError") ?? .fail
        joinMode = word("joinMode") ?? .all
        cache = word("cache")
        if cache == .only { report("cache", "must be one of: off, auto") }
        concurrency = number(object, "concurrency", 1...100).map { Int($0) } ?? 8
        if let value = object["cancelLosers"], !value.isNull {
            cancelsLosers = value.bool ?? false
            if value.bool == nil { report("cancelLosers", "must be true or false") }
        }
        if let value = object["quality"], !value.isNull { quality = QualityGate(value, report: report) }
        guard let retry = object["retry"]?.object else { return }
        self.retry.maximumRetries = number(retry, "maxRetries", 0...20).map { Int($0) } ?? self.retry.maximumRetries
        self.retry.initialDelay = milliseconds(retry, "initialDelayMs", 0...3_600_000) ?? self.retry.initialDelay
        self.retry.factor = number(retry, "factor", 1...10) ?? self.retry.factor
        self.retry.maximumDelay = milliseconds(retry, "maxDelayMs", 0...86_400_000) ?? self.retry.maximumDelay
        self.retry.jitter = number(retry, "jitter", 0...1) ?? self.retry.jitter
        if let words = retry["retryOn"]?.array {
            self.retry.classes = []
            for word in words {
                guard let classes = word.string.flatMap(FailureClass.named) else {
                    report("retry.retryOn", "names an unknown class \(word.text)")
                    continue
                }
                self.retry.classes.formUnion(classes)
            }
        }
    }
}
