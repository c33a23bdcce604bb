public import HTTPValues

extension OutgoingClient {
    /// Makes a call and follows its redirects; each step passes the guard and the caller's check.
    ///
    /// When host, scheme or port change, only fields that tell nothing about the caller are sent on.
    ///
    /// - Parameters:
    ///   - request: What to send first; its time limits count for each step.
    ///   - limit: The greatest number of redirects.
    ///   - mayGo: Whether a redirect may lead there.
    /// - Returns: The first answer that is no redirect.
    /// - Throws: ``HTTPClientError``.
    public func send(
        _ request: OutgoingRequest,
        followingRedirects limit: Int,
        to mayGo: @Sendable (HTTPURL) -> Bool = { _ in true }
    ) async throws(HTTPClientError) -> OutgoingResponse {
        var request = request
        for step in 0...limit {
            let response = try await send(request)
            guard let next = try request.redirected(by: response.head, isLast: step == limit, mayGo) else {
                return response
            }
            request = next
        }
        throw .badRedirect("More than \(limit) redirects.")
    }

    /// Makes a call whose answer's body goes to a new file, and follows its redirects.
    ///
    /// - Parameters:
    ///   - request: What to send first; its time limits count for each step.
    ///   - path: Where nothing is yet.
    ///   - limit: The greatest number of redirects.
    ///   - mayGo: Whether a redirect may lead there.
    /// - Returns: The first answer that is no redirect, without the body that was stored.
    /// - Throws: ``HTTPClientError``.
    public func download(
        _ request: OutgoingRequest,
        to path: String,
        followingRedirects limit: Int,
        to mayGo: @Sendable (HTTPURL) -> Bool = { _ in true }
    ) async throws(HTTPClientError) -> OutgoingResponse {
        var request = request
        for step in 0...limit {
            let response = try await download(request, to: path)
            guard let next = try request.redirected(by: response.head, isLast: step == limit, mayGo) else {
                return response
            }
            request = next
        }
        throw .badRedirect("More than \(limit) redirects.")
    }
}

extension OutgoingRequest {
    /// Fields that may be sent to whomever a redirect leads to; keys, cookies and signatures are not among them.
    private static let harmless: Set<String> = [
        "accept", "accept-language", "content-type", "if-modified-since", "if-none-match", "range", "user-agent",
    ]

    /// The call that follows on a redirect; `nil` when the answer is none.
    fileprivate func redirected(
        by head: OutgoingHead,
        isLast: Bool,
        _ mayGo: (HTTPURL) -> Bool
    ) throws(HTTPClientError) -> OutgoingRequest? {
        guard let location = try head.location() else { return nil }
        guard !isLast else { throw .badRedirect("\(url.host) redirects once more after the last redirect allowed.") }
        guard mayGo(location) else {
            throw .badRedirect("\(url.host) redirects to \(location.host), which is not allowed.")
        }
        var next = self
        next.url = location
        if !location.hasSameOrigin(as: url) {
            next.headers = HTTPFields()
            for (name, value) in headers where Self.harmless.contains(name) {
                if let name = HTTPFieldName(name) { next.headers.append(name, value) }
            }
        }
        // RFC 9110, section 15.4: after 303 always, after 301 and 302 by custom, what follows is a GET.
        if head.status == 303 || (head.status < 303 && method == .post), method != .head {
            next.method = .get
            next.body = .none
            next.headers.remove("content-type")
        }
        return next
    }
}
