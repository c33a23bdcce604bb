import HTTPServer
import HTTPValues

/// Which pages of other origins may call the API from a browser (contract §3.6); without cookies, so a key is always
/// needed.
struct CrossOrigins: Sendable {
    let origins: Set<String>

    /// The answer to a browser that asks whether it may send a request; `nil` when nobody asks, or it may not.
    func preflight(_ request: HTTPRequest, _ methods: [HTTPMethod]) -> HTTPResponse? {
        guard request.method == .options, request.headers.contains("access-control-request-method"),
            let origin = request.headers["origin"], origins.contains(origin)
        else { return nil }
        let headers: HTTPFields = [
            "access-control-allow-methods": methods.map(\.rawValue).joined(separator: ", "),
            "access-control-allow-headers":
                "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Request-Id",
            "access-control-max-age": "86400",
        ]
        return HTTPResponse(status: 204, headers: headers)
    }

    /// Lets the page read the answer that has sent the request.
    func allow(_ request: HTTPRequest, _ response: inout HTTPResponse) {
        guard !origins.isEmpty, !response.headers.contains("access-control-allow-origin") else { return }
        response.headers.append("vary", "origin")
        guard let origin = request.headers["origin"], origins.contains(origin) else { return }
        response.headers.append("access-control-allow-origin", origin)
        response.headers.append("access-control-expose-headers", Self.exposed)
    }

    private static let exposed = """
        ETag, Idempotency-Key, Idempotent-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Next-Cursor, \
        X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id
        """
}
