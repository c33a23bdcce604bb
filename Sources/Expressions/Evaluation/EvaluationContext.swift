public import Values

/// What one evaluation gets besides the values of its scope.
public struct EvaluationContext: Sendable {
    /// Carries out a function that the environment declares, given its name and arguments.
    ///
    /// It runs while the expression is evaluated, so it must not block.
    public typealias HostCall = @Sendable (_ name: String, _ arguments: [CELValue]) throws(HostCallError) -> CELValue

    /// The moment that `now()` gives; without it `now()` fails.
    public var now: Instant?
    /// The functions of the host; without them their calls fail.
    public var hostCall: HostCall?

    /// A context of that moment and these functions.
    public init(now: Instant? = nil, hostCall: HostCall? = nil) {
        self.now = now
        self.hostCall = hostCall
    }
}

/// Why a function of the host gives no value.
public struct HostCallError: Error, Hashable, Sendable {
    /// What is wrong, in one sentence for a person.
    public let message: String

    /// A failure with that sentence.
    public init(_ message: String) {
        self.message = message
    }
}
