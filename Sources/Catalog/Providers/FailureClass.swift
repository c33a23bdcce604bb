/// Why an attempt failed: the closed list of contract §6.7; the raw value is the word on the wire.
public enum FailureClass: String, Sendable, Hashable, CaseIterable {
    /// The request is wrong; sending it again changes nothing.
    case invalidInput = "invalid_input"
    /// The vendor refuses what was asked for, or what it made.
    case contentPolicy = "content_policy"
    /// The vendor does not know our key.
    case auth
    /// The key may not do this.
    case permission
    /// The vendor wants money first.
    case payment
    /// The vendor has no such model or job.
    case notFound = "not_found"
    /// Too many requests.
    case rateLimited = "rate_limited"
    /// Too many at once.
    case concurrency
    /// The vendor has no capacity now.
    case overloaded
    /// The vendor is broken.
    case providerInternal = "provider_internal"
    /// It took too long.
    case timeout
    /// The connection failed.
    case network
    /// The vendor's answer is not what its manifest describes.
    case contract
    /// The result can no longer be fetched.
    case expired
    /// Nobody can say whether the vendor took the job.
    case unknownOutcome = "unknown_outcome"

    /// The classes that a word of `retryOn` stands for, older words included (contract §9.2).
    public static func named(_ word: String) -> Set<FailureClass>? {
        switch word {
        case "server_error": [.overloaded, .providerInternal]
        case "rate_limit": [.rateLimited, .concurrency]
        default: FailureClass(rawValue: word).map { [$0] }
        }
    }

    /// Whether the class is answered by waiting, which uses up no attempt.
    public var isWait: Bool { self == .rateLimited || self == .concurrency }
}

/// An answer to a question about a vendor that may stay open.
public enum Certainty: String, Sendable, Hashable, CaseIterable {
    /// Certainly not.
    case no
    /// Certainly.
    case yes
    /// Nobody can say.
    case unknown
}
