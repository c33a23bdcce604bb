/// What a request asks to be done with its target; the methods that this server knows and its client sends.
public enum HTTPMethod: String, CaseIterable, Sendable {
    /// Give the target.
    case get = "GET"
    /// Give the target's header only.
    case head = "HEAD"
    /// Let the target handle what is sent.
    case post = "POST"
    /// Put what is sent in the target's place.
    case put = "PUT"
    /// Change parts of the target.
    case patch = "PATCH"
    /// Remove the target.
    case delete = "DELETE"
    /// Say what may be done with the target.
    case options = "OPTIONS"
    /// Give back what arrived.
    case trace = "TRACE"
    /// Give what a query finds in the target.
    case query = "QUERY"

    /// Whether sending the request twice has the effect of sending it once (RFC 9110, section 9.2.2).
    public var isIdempotent: Bool {
        self != .post && self != .patch
    }
}
