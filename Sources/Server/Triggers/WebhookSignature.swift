import Crypto
import Values

/// The proof that a caller of a webhook knows its secret: `t=<unix>,v1=<hex HMAC-SHA256(secret, t + "." + body)>`.
enum WebhookSignature {
    /// By how much the caller's clock may differ, and for how long a call may be repeated.
    static let tolerance: Int64 = 300

    /// Whether a header fits a body now.
    static func isValid(_ header: String?, _ body: [UInt8], secret: [UInt8], at now: Instant) -> Bool {
        guard let header, header.utf8.count <= 1000 else { return false }
        var time: Substring?
        var codes: [Substring] = []
        for part in header.split(separator: ",") {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { return false }
            if pair[0] == "t" { time = pair[1] }
            // While a secret is changed a caller may sign with both.
            if pair[0] == "v1", codes.count < 5 { codes.append(pair[1]) }
        }
        guard let time, time.utf8.count <= 12, let seconds = Int64(time), time.utf8.allSatisfy({ $0 &- 0x30 < 10 }),
            abs(now.seconds - seconds) <= tolerance
        else { return false }
        let wanted = Array(HMAC.sha256(Array("\(time).".utf8) + body, key: secret).hex.utf8)
        return codes.reduce(false) { equalInConstantTime(Array($1.utf8), wanted) || $0 }
    }
}
