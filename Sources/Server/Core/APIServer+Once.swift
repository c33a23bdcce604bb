import EventLoop
import HTTPServer
import HTTPValues
import Storage
import Values

extension APIServer {
    /// How long a request waits for an equal one that is under way.
    private static let patience = Duration.seconds(5)
    /// The longest body that is read on the loop, in bytes.
    private static let shortBody = 64 << 10

    /// Answers a request that names itself by a key: whoever sends it again gets the same answer, and it has its effect
    /// once.
    func once(
        _ header: String,
        _ route: Route,
        _ exchange: Exchange,
        bodyAtMost limit: Int
    ) async throws -> HTTPResponse {
        let place = NamedRequest.Place(
            account: exchange.account,
            method: route.method,
            path: route.path,
            answersSecret: route.answersSecret,
            countsReplays: route.bucket == .executions
        )
        return try await once(header, place, exchange, bodyAtMost: limit) { exchange in
            let reply = try await route.handler(self, exchange)
            await self.record(reply, of: route, exchange)
            return reply
        }
    }

    /// Answers a request that names itself by a key, on a route that finds out by itself who asks.
    ///
    /// - Parameters:
    ///   - header: The key as it came.
    ///   - place: What the key is unique in.
    ///   - exchange: The request; that it may ask is known.
    ///   - limit: The longest body.
    ///   - handler: Answers it, and stores ``Exchange/answer(_:location:)`` in the commit of its effect.
    /// - Returns: The answer, given for the first time or again.
    /// - Throws: ``APIError``.
    func once(
        _ header: String,
        _ place: NamedRequest.Place,
        _ exchange: Exchange,
        bodyAtMost limit: Int,
        _ handler: (Exchange) async throws -> Reply
    ) async throws -> HTTPResponse {
        let body = try await exchange.bytes(atMost: limit)
        // A long body takes a while to read.
        let secret = cursors.key
        let named =
            body.count <= Self.shortBody
            ? try NamedRequest(header, place, exchange, body: body, secret: secret)
            : try await pool.run { [exchange] in
                try NamedRequest(header, place, exchange, body: body, secret: secret)
            }
        return try await once(named, place, exchange, handler)
    }

    /// Answers a request of a name with what a closure does once.
    func once(
        _ named: NamedRequest,
        _ place: NamedRequest.Place,
        _ exchange: Exchange,
        _ handler: (Exchange) async throws -> Reply
    ) async throws -> HTTPResponse {
        var exchange = exchange
        exchange.named = named
        guard await turns.take(named.name, within: Self.patience, on: exchange.request.loop) else {
            // The first one may wait for the end of its run, which is accepted long since.
            return try await known(named, place, exchange) ?? { throw Self.inProgress }()
        }
        defer { turns.leave(named.name) }
        if let known = try await known(named, place, exchange) { return known }
        do {
            var answer = response(try await handler(exchange), exchange)
            // What is stored is what is answered, whatever has happened to a run since it was accepted.
            if let made = named.made, made.status == answer.status { answer.body = .bytes(made.body) }
            answer.headers["idempotency-key"] = named.key
            return answer
        } catch let error as APIError where error.code == .idempotencyInProgress {
            // Another server was faster.
            return try await known(named, place, exchange) ?? { throw error }()
        }
    }

    /// The answer that was given to an equal request.
    private func known(
        _ named: NamedRequest,
        _ place: NamedRequest.Place,
        _ exchange: Exchange
    ) async throws(APIError) -> HTTPResponse? {
        guard let known = try await stored({ try await self.database.answer(named.name, at: exchange.now) }) else {
            return nil
        }
        // An answer that is given again counts as a request and as nothing else.
        if place.countsReplays { try await limiter.charge(.requests, place.account, at: exchange.now) }
        guard named.isAnswered(by: known), let body = named.body(of: known) else {
            throw APIError(
                .idempotencyKeyReused,
                "This Idempotency-Key was used for another request. Send a new key with a new request."
            )
        }
        var headers: HTTPFields = [
            "content-type": "application/json", "cache-control": "no-store", "idempotent-replayed": "true",
            "idempotency-key": named.key,
        ]
        headers["location"] = known.location
        return HTTPResponse(status: known.status, headers: headers, body: body)
    }

    /// A request of the same key is not answered yet.
    static var inProgress: APIError {
        var error = APIError(
            .idempotencyInProgress,
            "A request with this Idempotency-Key is under way. Send it again in a moment."
        )
        error.headers["retry-after"] = "1"
        return error
    }
}

extension Exchange {
    /// The body of a JSON answer as this request wants it.
    func wrapped(_ json: JSON) -> JSON { query("envelope") == "data" ? ["data": json] : json }

    /// What is stored of a JSON answer to a request that names itself by a key; `nil` for any other request.
    func answer(_ reply: Reply, location: String?) -> StoredAnswer? {
        guard let named, case .json(let body, let status, _) = reply else { return nil }
        return named.answer(status: status, location: location, body: wrapped(body))
    }
}
