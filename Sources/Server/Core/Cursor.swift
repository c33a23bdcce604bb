import Crypto
import Storage
import Values

/// A place in a list as clients carry it: unreadable to them, and refused when changed (contract §3.5).
struct CursorCoding: Sendable {
    let key: [UInt8]

    func encode(_ position: PagePosition) -> String {
        let body: JSON = ["k": [.int(position.time.microseconds), .string(position.id.hex)]]
        return Base64.encode(body.bytes + HMAC.sha256(body.bytes, key: key).prefix(8), .url)
    }

    /// A cursor that was changed, or is of another list.
    static var foreign: APIError {
        APIError(.invalidCursor, "The cursor is not one of this list; leave it out to begin at the start.")
    }

    func decode(_ text: String) throws(APIError) -> PagePosition {
        let error = Self.foreign
        guard let bytes = Base64.decode(text, .url), bytes.count > 8 else { throw error }
        let body = Array(bytes.dropLast(8))
        guard equalInConstantTime(Array(bytes.suffix(8)), Array(HMAC.sha256(body, key: key).prefix(8))),
            let json = try? JSON(parsing: body), let time = json["k"]?[0]?.integer,
            let id = json["k"]?[1]?.string.flatMap(Self.bytes)
        else { throw error }
        return PagePosition(time: Instant(microseconds: time), id: id)
    }

    private static func bytes(_ hex: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = hex[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
