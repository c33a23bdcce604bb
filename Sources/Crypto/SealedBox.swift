private import CSodium

/// Secrets at rest: XChaCha20-Poly1305 with a random nonce (libsodium, `crypto_aead_xchacha20poly1305_ietf`).
public enum SealedBox {
    /// The bytes of a key.
    public static let keyLength = 32

    private static let nonceLength = 24
    private static let tagLength = 16

    /// Seals bytes so that only the same key with the same context opens them.
    ///
    /// - Parameters:
    ///   - bytes: What is sealed; may be empty.
    ///   - key: 32 bytes.
    ///   - context: What the sealed bytes are bound to, such as the name they are stored under; it is not in them.
    /// - Returns: The nonce, the cipher text and its tag: 40 bytes more than `bytes`.
    /// - Throws: ``CryptoError`` when the key has another length or libsodium does not work.
    public static func seal(_ bytes: [UInt8], key: [UInt8], context: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard key.count == keyLength, sodium_init() >= 0 else { throw CryptoError(function: "sodium_init") }
        var nonce = [UInt8](repeating: 0, count: nonceLength)
        unsafe randombytes_buf(&nonce, nonceLength)
        var sealed = [UInt8](repeating: 0, count: bytes.count + tagLength)
        let status = unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
            &sealed,
            nil,
            bytes,
            UInt64(bytes.count),
            context,
            UInt64(context.count),
            nil,
            nonce,
            key
        )
        guard status == 0 else { throw CryptoError(function: "crypto_aead_xchacha20poly1305_ietf_encrypt") }
        return nonce + sealed
    }

    /// What was sealed; `nil` when the key or the context is another one, or a byte has changed.
    public static func open(_ sealed: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard key.count == keyLength, sealed.count >= nonceLength + tagLength else { return nil }
        let nonce = Array(sealed.prefix(nonceLength))
        let cipher = Array(sealed.dropFirst(nonceLength))
        var bytes = [UInt8](repeating: 0, count: cipher.count - tagLength)
        let status = unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
            &bytes,
            nil,
            nil,
            cipher,
            UInt64(cipher.count),
            context,
            UInt64(context.count),
            nonce,
            key
        )
        return status == 0 ? bytes : nil
    }
}
