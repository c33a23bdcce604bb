import Crypto
import Values

/// Makes tokens that are signed with a shared secret (RFC 7515 and 7519, HS256).
enum TokenMint {
    /// The token that says these claims.
    static func token(_ claims: JSON, key: String) -> String {
        let header: JSON = ["alg": "HS256", "typ": "JWT"]
        let signed = "\(Base64.encode(header.bytes, .url)).\(Base64.encode(claims.bytes, .url))"
        let signature = HMAC.sha256(Array(signed.utf8), key: Array(key.utf8))
        return "\(signed).\(Base64.encode(signature, .url))"
    }
}
