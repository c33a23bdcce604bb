import Crypto
import HTTPValues
import Storage
import Synchronization
import Values

/// A request that names itself by a key, so that sending it again has no further effect (contract §4.1).
final class NamedRequest: Sendable {
    let name: StoredAnswer.Name
    /// The key as it was sent.
    let key: String
    let body: [UInt8]
    private let fingerprint: [UInt8]
    private let now: Instant
    private let made = Mutex<StoredAnswer?>(nil)

    /// - Throws: ``APIError`` when the key is none.
    init(_ header: String, _ route: Route, _ exchange: Exchange, body: [UInt8]) throws(APIError) {
        key = try Self.key(header)
        self.body = body
        now = exchange.now
        let place: JSON = [
            .string(route.method.rawValue), .string(route.path), .array(exchange.parameters.map(JSON.string)),
            .string(key),
        ]
        name = StoredAnswer.Name(
            account: exchange.account,
            hash: SHA256.hash(place.canonicalBytes)
        )
        let query = exchange.query.map { "\($0.name)=\($0.value)" }.sorted().map(JSON.string)
        // Equal values are equal, however they are written.
        let content = (try? JSON(parsing: body, limits: .request)).map(\.canonicalBytes) ?? body
        let asked: JSON = [place, .array(query), .string(SHA256.hash(content).hex)]
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
        made.withLock { $0 = answer }
        return answer
    }

    /// The answer that was made for it.
    var answer: StoredAnswer? { made.withLock { $0 } }

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
