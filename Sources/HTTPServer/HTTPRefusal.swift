/// Why the server answers a request itself, without asking the handler.
public enum HTTPRefusal: Error, Equatable, Sendable {
    /// The request breaks a rule of HTTP/1.1, or could be read in two ways.
    case malformed(String)
    /// The method is none of ``HTTPMethod``.
    case unknownMethod
    /// The target is longer than ``HTTPLimits/targetBytes``.
    case targetTooLong(limit: Int)
    /// The head is larger than ``HTTPLimits/headBytes`` or has more fields than ``HTTPLimits/fields``.
    case headTooLarge
    /// The version is neither HTTP/1.1 nor HTTP/1.0.
    case unknownVersion
    /// The body comes in a transfer coding other than chunked.
    case unknownCoding
    /// The client expects something other than `100-continue`.
    case unknownExpectation
    /// The declared body is longer than ``HTTPLimits/bodyBytes``.
    case bodyTooLarge(limit: Int)
    /// The head did not come in time.
    case headTimedOut
    /// There are as many connections as there may be.
    case tooManyConnections
    /// The server is stopping.
    case stopping
    /// The file that the handler named as the body cannot be read.
    case fileUnreadable

    /// The status code of the answer.
    public var status: Int {
        switch self {
        case .malformed: 400
        case .headTimedOut: 408
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .unknownExpectation: 417
        case .headTooLarge: 431
        case .fileUnreadable: 500
        case .unknownMethod, .unknownCoding: 501
        case .stopping, .tooManyConnections: 503
        case .unknownVersion: 505
        }
    }
}

extension HTTPRefusal: CustomStringConvertible {
    /// What is wrong, for the person who sent the request.
    public var description: String {
        switch self {
        case .malformed(let reason): reason
        case .unknownMethod: "This method is not known here."
        case .targetTooLong(let limit): "The request target is longer than \(limit) bytes."
        case .headTooLarge: "The request has too many or too long header fields."
        case .unknownVersion: "This server speaks HTTP/1.1."
        case .unknownCoding: "The only transfer coding taken is “chunked”."
        case .unknownExpectation: "The only expectation met is “100-continue”."
        case .bodyTooLarge(let limit): "The body is longer than \(limit) bytes."
        case .headTimedOut: "The request's head did not come in time."
        case .tooManyConnections: "The server has too many connections. Try again later."
        case .stopping: "The server is shutting down. Try again later."
        case .fileUnreadable: "The stored content cannot be read."
        }
    }
}
