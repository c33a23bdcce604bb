private import CSodium

/// Hashes of passwords: argon2id with the salt and the costs in the text (libsodium, `crypto_pwhash_str`).
///
/// Both calls take tens of milliseconds and 64 MiB of memory by design: they belong on a pool for blocking work, a few at
/// a time.
public enum PasswordHash {
    /// The longest password in bytes.
    public static let longestPassword = 1024

    /// A hash of a password under a fresh salt.
    ///
    /// - Throws: ``CryptoError`` when there is no memory for it, or the password is longer than ``longestPassword``.
    public static func make(_ password: String) throws(CryptoError) -> String {
        guard password.utf8.count <= longestPassword, sodium_init() >= 0 else {
            throw CryptoError(function: "sodium_init")
        }
        var text = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
        let bytes = Array(password.utf8).map(CChar.init(bitPattern:))
        let status = unsafe crypto_pwhash_str(
            &text,
            bytes,
            UInt64(bytes.count),
            UInt64(crypto_pwhash_OPSLIMIT_INTERACTIVE),
            Int(crypto_pwhash_MEMLIMIT_INTERACTIVE)
        )
        guard status == 0 else { throw CryptoError(function: "crypto_pwhash_str") }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whether a hash is one of a password.
    public static func verify(_ hash: String, is password: String) -> Bool {
        guard password.utf8.count <= longestPassword, hash.utf8.count < Int(crypto_pwhash_STRBYTES),
            sodium_init() >= 0
        else { return false }
        let bytes = Array(password.utf8).map(CChar.init(bitPattern:))
        return unsafe crypto_pwhash_str_verify(hash, bytes, UInt64(bytes.count)) == 0
    }
}
