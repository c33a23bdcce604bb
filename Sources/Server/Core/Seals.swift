import Crypto
import Values

/// Seals what must be kept and is never shown again, such as the secrets of webhooks and subscriptions.
public struct Seals: Sendable {
    private let key: [UInt8]

    /// Seals under a key that follows from a secret of the server.
    public init(secret: [UInt8]) {
        key = HMAC.sha256(Array("seals".utf8), key: secret)
    }

    /// A text, sealed for one use: it opens under the same context only.
    func seal(_ text: String, for context: String) throws(CryptoError) -> [UInt8] {
        try SealedBox.seal(Array(text.utf8), key: key, context: Array(context.utf8))
    }

    /// What was sealed; `nil` when it was sealed for another use, or changed.
    func open(_ sealed: [UInt8], for context: String) -> String? {
        SealedBox.open(sealed, key: key, context: Array(context.utf8)).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// A new secret, with a prefix that says what it is.
    static func newSecret() -> String {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<24).map { _ in random.next() as UInt8 }
        return "whsec_\(Base64.encode(bytes))"
    }

    /// The bytes that a secret stands for: one that begins with `whsec_` is base 64, as Standard Webhooks has it.
    static func bytes(of secret: String) -> [UInt8] {
        let coded = secret.hasPrefix("whsec_") ? Base64.decode(String(secret.dropFirst(6))) : nil
        return coded ?? Array(secret.utf8)
    }
}
