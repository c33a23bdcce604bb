import Crypto
import HTTPValues
import Storage
import Synchronization
import Values

/// A request that names itself by a key, so that sending it again has no further effect (contract §4.1).
final class NamedRequest: Sendable {
    /// What a key is unique in, besides the parameters of the path.
    struct Place: Sendable {
        /// Who asks, or whose the thing is that is asked for.
        let account: AccountID
        let method: HTTPMethod
        /// The path of the route.
        let path: String
        /// Whether the answer holds a secret, which is not stored readably.
        var answersSecret = false
        /// Whether an answer that is given again counts as a request, because the first one did not.
        var countsReplays = false
    }

    let name: StoredAnswer.Name
    /// The key as it was sent.
    let key: String
    let body: [UInt8]
    private let fingerprint: [UInt8]
    private let now: Instant
    /// Seals an answer that holds a secret; it cannot be had without the key of the request, which is not stored.
    private let seal: [UInt8]?
    private let answered = Mutex<(status: Int, body: [UInt8])?>(nil)

    /// - Throws: ``APIError`` when the key is none.
    init(
        _ header: String,
        _ place: Place,
        _ exchange: Exchange,
        body: [UInt8],
        secret: [UInt8]
    ) throws(APIError) {
        key = try Self.key(header)
        self.body = body
        seal = place.answersSecret ? HMAC.sha256(Array("answer:\(key)".utf8), key: secret) : nil
        now = exchange.now
        let parts: JSON = [
            .string(place.method.rawValue), .string(place.path), .array(exchange.parameters.map(JSON.string)),
            .string(key),
        ]
        name = StoredAnswer.Name(
            account: place.account,
            hash: SHA256.hash(parts.canonicalBytes)
        )
        let query = exchange.query.map { "\($0.name)=\($0.value)" }.sorted().map(JSON.string)
        // Equal values are equal, however they are written.
        let content = (try? JSON(parsing: body, limits: .request)).map(\.canonicalBytes) ?? body
        let asked: JSON = [parts, .array(query), .string(SHA256.hash(content).hex)]
        fingerprint = SHA256.hash(asked.canonicalBytes)
    }

    /// The answer that is stored together with what the request brings about.
    func answer(status: Int, location: String?, body: JSON) -> StoredAnswer {
        let answer = StoredAnswer(
            name: name,
            fingerprint: fingerprint,
            status: status,
            location: location,
            body: body.bytes,
            at: now
        )
        answered.withLock { $0 = (status, answer.body) }
        guard let seal else { return answer }
        var sealed = answer
        // What cannot be sealed is not stored.
        sealed.body = (try? SealedBox.seal(answer.body, key: seal, context: name.hash)) ?? []
        return sealed
    }

    /// The body of an answer that was stored for it; `nil` when it cannot be read any more.
    func body(of answer: StoredAnswer) -> [UInt8]? {
        guard let seal else { return answer.body }
        return SealedBox.open(answer.body, key: seal, context: name.hash)
    }

    /// The answer that was made for it, as the client gets it.
    var made: (status: Int, body: [UInt8])? { answered.withLock { $0 } }

    /// Whether an answer is that to this request.
    func isAnswered(by answer: StoredAnswer) -> Bool { answer.fingerprint == fingerprint }

    /// The key in a header, which may stand in quotes.
    private static func key(_ header: String) throws(APIError) -> String {
        var key = header[...]
        if key.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = key.dropFirst().dropLast() }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw APIError(
                .invalidIdempotencyKey,
                "Idempotency-Key must have 1 to 255 printable ASCII characters."
            )
        }
        return String(key)
    }
}
