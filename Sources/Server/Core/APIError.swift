import EventLoop
public import HTTPServer
public import HTTPValues
public import Values

/// An answer that says what went wrong.
public struct APIError: Error, Sendable {
    /// The stable word.
    public var code: ErrorCode
    /// What happened, to which thing, and what to do.
    public var message: String
    /// Further members of the body.
    public var details: JSONObject
    /// Further header fields.
    public var headers: HTTPFields = [:]

    /// An error with that word and text.
    public init(_ code: ErrorCode, _ message: String, _ details: JSONObject = JSONObject()) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// A field with a value that cannot be used.
    public static func field(_ name: String, _ reason: String) -> APIError {
        APIError(.invalidField, "\(name) \(reason).", ["field": .string(name)])
    }

    /// What the machinery below says about a request that is at its end: its client is gone, or its work has no place.
    init?(machine error: any Error) {
        switch error {
        case is CancellationError: self.init(.badRequest, "The client closed the connection.")
        case EventLoopError.poolIsFull: self.init(.overloaded, "Too much is under way. Try again in a moment.")
        case EventLoopError.poolIsStopped: self.init(.draining, "The server is stopping.")
        default: return nil
        }
    }

    /// The answer, in the default shape or, with `asObject`, with all members under `error`.
    public func response(requestID: String, asObject: Bool) -> HTTPResponse {
        var object = JSONObject()
        if asObject {
            object["type"] = .string(code.type)
            object["code"] = .string(code.rawValue)
            object["message"] = .string(message)
        } else {
            object["error"] = .string(message)
            object["code"] = .string(code.rawValue)
            object["type"] = .string(code.type)
        }
        object["status"] = .int(Int64(code.status))
        object["requestId"] = .string(requestID)
        for member in details { object[member.key] = member.value }
        object["docs"] = .string("/docs/errors#\(code.rawValue)")
        let body: JSON = asObject ? ["error": .object(object)] : .object(object)
        var fields = headers
        fields["content-type"] = "application/json"
        fields["cache-control"] = "no-store"
        if code.status == 401 { fields["www-authenticate"] = "Bearer realm=\"millrace\"" }
        if code.status == 503, !fields.contains("retry-after") { fields["retry-after"] = "1" }
        return HTTPResponse(status: code.status, headers: fields, body: body.bytes)
    }
}
