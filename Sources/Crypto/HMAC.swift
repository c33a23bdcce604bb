private import CCrypto

/// HMAC-SHA256 (RFC 2104).
public enum HMAC {
    /// The 32 bytes of the code of a message under a key.
    public static func sha256(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        _ = unsafe CCrypto.HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, nil)
        return code
    }
}

/// Whether both hold the same bytes, in a time that depends on the length alone.
public func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}
