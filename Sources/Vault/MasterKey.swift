import Crypto
import Values

/// The key under which the keys of the database are sealed; whoever has it and the database has every secret.
public struct MasterKey: Sendable, Hashable {
    let bytes: [UInt8]

    /// A key of 32 bytes from the source of chance.
    public init(random: inout some RandomNumberGenerator) {
        bytes = (0..<SealedBox.keyLength).map { _ in random.next() }
    }

    /// Reads a key as ``text`` writes it, or of 64 hexadecimal digits; `nil` for anything else.
    public init?(_ text: String) {
        let text = String(text.filter { !$0.isWhitespace })
        guard let bytes = Self.hexadecimal(text) ?? Base64.decode(text), bytes.count == SealedBox.keyLength else {
            return nil
        }
        self.bytes = bytes
    }

    /// The key in base 64, as a key file holds it.
    public var text: String { Base64.encode(bytes) }

    /// Names the key without telling it: 8 bytes of a hash.
    public var id: [UInt8] { Array(SHA256.hash(Array("millrace master key\u{0}".utf8) + bytes).prefix(8)) }

    private static func hexadecimal(_ text: String) -> [UInt8]? {
        guard text.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
