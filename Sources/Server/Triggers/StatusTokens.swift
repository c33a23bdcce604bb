import Crypto
import Values

/// Tokens that let whoever called a webhook see the run it has started, and no other, for a day (contract §7.9).
struct StatusTokens: Sendable {
    /// How long a token is good for.
    static let validity = Duration.seconds(86_400)

    let key: [UInt8]

    /// The token of an execution, and until when it is good.
    func token(_ id: ExecutionID, at now: Instant) -> (text: String, expiresAt: Instant) {
        let expiry = (now + Self.validity).seconds
        return (text(id, expiry), Instant(microseconds: expiry * 1_000_000))
    }

    /// Whether a token stands for an execution now.
    func allows(_ token: String, _ id: ExecutionID, at now: Instant) -> Bool {
        guard token.utf8.count <= 64, token.hasPrefix("rt_") else { return false }
        let parts = token.dropFirst(3).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let expiry = Int64(parts[0], radix: 36), expiry > now.seconds else { return false }
        return equalInConstantTime(Array(token.utf8), Array(text(id, expiry).utf8))
    }

    private func text(_ id: ExecutionID, _ expiry: Int64) -> String {
        let code = HMAC.sha256(Array("status:\(id):\(expiry)".utf8), key: key)
        return "rt_\(String(expiry, radix: 36))-\(Base64.encode(Array(code.prefix(18)), .url))"
    }
}
