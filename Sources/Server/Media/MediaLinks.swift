import Crypto
import Engine
public import Values

/// Signed links to media, with which a client without our key can download for a day (contract §7.4).
public struct MediaLinks: Sendable {
    /// How long a link is good for.
    static let validity = Duration.seconds(86_400)

    let key: [UInt8]

    /// Links that are signed with a key.
    public init(key: [UInt8]) {
        self.key = key
    }

    /// The absolute link to some media.
    public func link(_ media: MediaReference, base: String, at now: Instant) -> String {
        // Rounded up to the hour, so that the same media has the same link in answers close to each other.
        let expiry = (now + Self.validity).seconds / 3600 * 3600 + 3600
        return "\(base)\(media.path)?token=\(token(media.id, expiry))"
    }

    /// Whether a token stands for some media now.
    func allows(_ token: String, _ id: MediaID, at now: Instant) -> Bool {
        let parts = token.split(separator: "-", maxSplits: 1)
        guard parts.count == 2, let expiry = Int64(parts[0], radix: 36), expiry > now.seconds else { return false }
        return equalInConstantTime(Array(token.utf8), Array(self.token(id, expiry).utf8))
    }

    private func token(_ id: MediaID, _ expiry: Int64) -> String {
        let code = HMAC.sha256(Array("media:\(id):\(expiry)".utf8), key: key)
        return "\(String(expiry, radix: 36))-\(Base64.encode(Array(code.prefix(18)), .url))"
    }
}

/// Writes values as clients see them: media as its media value with a signed link.
struct ValueWriter {
    let links: MediaLinks
    let base: String
    let now: Instant
    /// How many bytes of a text or JSON value are shown.
    static let shownBytes = 64 << 10

    func json(_ value: Value) -> JSON {
        switch value {
        case .json(.string(let text)) where text.utf8.count > Self.shownBytes:
            [
                "text": .string(String(decoding: text.utf8.prefix(Self.shownBytes), as: UTF8.self)), "truncated": true,
                "bytes": .int(Int64(text.utf8.count)),
            ]
        case .json(let json): json
        case .media(let media): self.json(media)
        case .list(let items): .array(items.map(json))
        }
    }

    func json(_ media: MediaReference) -> JSON {
        guard case .object(var object) = media.described else { return .null }
        object["id"] = .string(media.id.description)
        object["url"] = .string(url(media))
        return .object(object)
    }

    func url(_ media: MediaReference) -> String {
        links.link(media, base: base, at: now)
    }

    func object(_ values: [String: Value]) -> JSON {
        .object(
            JSONObject(
                values.sorted { $0.key < $1.key }.map { JSONObject.Member(key: $0.key, value: json($0.value)) }
            )
        )
    }
}
