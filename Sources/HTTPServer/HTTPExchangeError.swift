/// Why a body could not be read to its end, or an answer not written to its end.
public enum HTTPExchangeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The body is longer than the caller takes, or says that it will be.
    case bodyTooLarge(limit: Int)
    /// The chunks of the body are not formed as they must be.
    case malformedBody(String)
    /// The client sends or takes less than it must.
    case tooSlow
    /// The client is gone.
    case connectionLost
    /// The answer to this request has been given, or its body is being read elsewhere.
    case exchangeEnded
    /// The stream's closure wrote more or less than the length it announced.
    case lengthNotKept

    /// The status code with which to answer the request.
    public var status: Int {
        switch self {
        case .bodyTooLarge: 413
        case .malformedBody: 400
        case .tooSlow: 408
        case .connectionLost: 499
        case .exchangeEnded, .lengthNotKept: 500
        }
    }

    /// What happened.
    public var description: String {
        switch self {
        case .bodyTooLarge(let limit): "The body is longer than \(limit) bytes."
        case .malformedBody(let reason): reason
        case .tooSlow: "The client sends or takes its bytes too slowly."
        case .connectionLost: "The client closed the connection."
        case .exchangeEnded: "The body of a request can be read only once, and only until the request is answered."
        case .lengthNotKept: "The answer's stream did not keep to the length it announced."
        }
    }
}
