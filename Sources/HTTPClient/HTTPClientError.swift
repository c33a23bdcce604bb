public import HTTPValues

/// Why a call got no answer.
///
/// Where it matters the error says whether a byte of the request may have reached the other side: without one the call
/// may be made again whatever it does; with one its outcome is unknown.
public enum HTTPClientError: Error, Equatable, Sendable {
    /// The address is no address, or could be read in two ways; nothing was sent.
    case badURL(String)
    /// The guard does not let calls reach that address; nothing was sent.
    case refusedAddress(host: String, IPAddress, kind: String)
    /// The name cannot be resolved or nothing answers there; nothing was sent.
    case couldNotConnect(String)
    /// The other side's certificate or protocol is not acceptable; nothing was sent.
    case tls(String)
    /// A time limit has passed.
    case timedOut(sentBytes: Bool)
    /// The connection broke.
    case connectionLost(sentBytes: Bool)
    /// The other side does not answer in HTTP.
    case badResponse(String)
    /// The answer is longer than the caller takes.
    case tooLarge(limit: Int)
    /// The calling task was cancelled.
    case cancelled(sentBytes: Bool)
    /// The call may not be made any more.
    case withdrawn(sentBytes: Bool)
    /// As many calls as may are waiting already; nothing was sent.
    case tooManyRequests(limit: Int)
    /// The redirects lead on after the last one allowed, or to where the caller does not want to go.
    case badRedirect(String)
    /// The file to send cannot be read, or the file to receive cannot be written.
    case file(String, sentBytes: Bool)
    /// The client is closed, or libcurl cannot work; nothing was sent.
    case unavailable(String)

    /// Whether a byte of the request may have reached the other side.
    public var mayHaveSent: Bool {
        switch self {
        case .badURL, .refusedAddress, .couldNotConnect, .tls, .tooManyRequests, .unavailable: false
        case .timedOut(let sent), .connectionLost(let sent), .cancelled(let sent), .withdrawn(let sent),
            .file(_, let sent):
            sent
        case .badResponse, .tooLarge, .badRedirect: true
        }
    }
}

extension HTTPClientError: CustomStringConvertible {
    /// What happened and what to do next.
    public var description: String {
        switch self {
        case .badURL(let reason): reason
        case .refusedAddress(let host, let address, let kind):
            "\(host) is at \(address), which is \(kind). List it with --allow-private if calls may go there."
        case .couldNotConnect(let reason): "No connection: \(reason)."
        case .tls(let reason): "No secure connection: \(reason)."
        case .timedOut(let sent): "No answer came in time. \(Self.fate(sent))"
        case .connectionLost(let sent): "The connection broke before the answer was complete. \(Self.fate(sent))"
        case .badResponse(let reason): "The answer is not HTTP: \(reason)."
        case .tooLarge(let limit): "The answer is longer than \(limit) bytes."
        case .cancelled(let sent): "The call was cancelled. \(Self.fate(sent))"
        case .withdrawn(let sent): "The call may not be made any more. \(Self.fate(sent))"
        case .tooManyRequests(let limit): "\(limit) calls are waiting already. Try again when some are done."
        case .badRedirect(let reason): reason
        case .file(let reason, _): reason
        case .unavailable(let reason): reason
        }
    }

    private static func fate(_ sent: Bool) -> String {
        sent ? "The request may have arrived." : "The request was not sent."
    }
}
