import Crypto
import Synchronization
import Values

/// The links with which whoever has used the form of a public app sees what came of it.
struct AppLinks: Sendable {
    let key: [UInt8]

    /// The token that stands for the result of an execution.
    func token(_ id: ExecutionID) -> String {
        Base64.encode(Array(HMAC.sha256(Array("app:\(id)".utf8), key: key).prefix(24)), .url)
    }

    /// Whether a token stands for the result of an execution.
    func allows(_ token: String, _ id: ExecutionID) -> Bool {
        equalInConstantTime(Array(token.utf8), Array(self.token(id).utf8))
    }
}

/// How often each address has used the form of an app in this minute; at most ``capacity`` are remembered, and when there
/// are more in a minute, the rest wait for the next one.
final class VisitorRate: Sendable {
    private static let capacity = 10_000

    private struct Visitor: Hashable {
        let app: String
        let address: String
    }

    private let minute = Mutex<(number: Int64, uses: [Visitor: Int64])>((0, [:]))

    /// Whether an address may use the form of an app once more.
    func admits(_ address: String, to app: String, atMost limit: Int64, at now: Instant) -> Bool {
        minute.withLock { minute in
            let number = now.seconds / 60
            if minute.number != number { minute = (number, [:]) }
            let visitor = Visitor(app: app, address: address)
            guard minute.uses[visitor] != nil || minute.uses.count < Self.capacity else { return false }
            guard minute.uses[visitor, default: 0] < limit else { return false }
            minute.uses[visitor, default: 0] += 1
            return true
        }
    }
}
