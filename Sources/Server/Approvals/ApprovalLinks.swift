import Crypto
import Values

/// The signed links with which a person without a key can decide about one approval (contract §12).
struct ApprovalLinks: Sendable {
    let key: [UInt8]

    /// The token that stands for an approval, in place of a key.
    func token(_ id: ApprovalID) -> String {
        Base64.encode(Array(HMAC.sha256(Array("approval:\(id)".utf8), key: key).prefix(24)), .url)
    }

    /// Whether a token stands for an approval.
    func allows(_ token: String, _ id: ApprovalID) -> Bool {
        equalInConstantTime(Array(token.utf8), Array(self.token(id).utf8))
    }

    /// The links to the page and the two decisions.
    func json(_ id: ApprovalID, base: String) -> JSON {
        let page = "\(base)/api/v1/approvals/\(id)"
        let token = token(id)
        return [
            "page": .string("\(page)?token=\(token)"), "approve": .string("\(page)/approve?token=\(token)"),
            "reject": .string("\(page)/reject?token=\(token)"),
        ]
    }
}
