private import CCrypto

/// The SHA-256 digest of FIPS 180-4, of bytes given at once or piece by piece.
@safe
public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    /// A digest of nothing so far.
    ///
    /// - Throws: ``CryptoError`` when libcrypto has no memory or no SHA-256.
    public init() throws(CryptoError) {
        guard let context = unsafe EVP_MD_CTX_new() else { throw CryptoError(function: "EVP_MD_CTX_new") }
        guard unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            unsafe EVP_MD_CTX_free(context)
            throw CryptoError(function: "EVP_DigestInit_ex")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Adds bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        _ = unsafe bytes.withUnsafeBufferPointer { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// The 32 bytes of the digest; nothing may be added afterwards.
    public consuming func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = unsafe EVP_DigestFinal_ex(context, &digest, nil)
        return digest
    }

    /// The 32 bytes of the digest of these bytes.
    public static func hash(_ bytes: Span<UInt8>) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = unsafe bytes.withUnsafeBufferPointer { unsafe CCrypto.SHA256($0.baseAddress, $0.count, &digest) }
        return digest
    }

    /// The 32 bytes of the digest of these bytes.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] { hash(bytes.span) }

    /// The 32 bytes of the digest of a text in UTF-8.
    public static func hash(_ text: String) -> [UInt8] { hash(text.utf8Span.span) }
}
