private import CCrypto

/// Signatures with Ed25519 (RFC 8032).
public enum Ed25519 {
    /// Whether a signature of 64 bytes is that of a message under a public key of 32 bytes; not for anything shorter or
    /// longer.
    public static func verify(_ signature: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool {
        guard signature.count == 64, key.count == 32,
            let publicKey = unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, key, key.count)
        else { return false }
        defer { unsafe EVP_PKEY_free(publicKey) }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, nil, nil, publicKey) == 1 else { return false }
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
