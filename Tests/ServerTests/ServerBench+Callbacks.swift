import Crypto
import HTTPValues
import Runtime
import Storage
import Testing
import Values

extension ServerBench {
    /// Subscribes an address to events.
    func subscribe(_ events: [String], url: String = "https://example.com/hook") async throws
        -> (id: String, secret: String)
    {
        let body: JSON = ["url": .string(url), "events": .array(events.map(JSON.string))]
        let made = try await send(.post, "/api/v1/callbacks", body)
        let id = try #require(made.json["id"]?.string, "\(made.json.text)")
        return (id, try #require(made.json["secret"]?.string))
    }

    /// What a subscription was told, newest first, when the outbox is empty.
    func told(_ callback: String) async throws -> [JSON] {
        while true {
            let isFannedOut = try await database.nextDelivery(.work) == nil
            let log = try await send(.get, "/api/v1/callbacks/\(callback)/deliveries?limit=100").json
            let rows = try #require(log["data"]?.array, "\(log.text)")
            if isFannedOut, rows.allSatisfy({ $0["status"] != "pending" }) { return rows }
            // The receiver refuses every second message, and is told again after a second.
            clock.advance(by: .milliseconds(100))
            runs.lookAtTriggers()
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

extension ServerBench.Post {
    /// Whether it carries the signature of a subscription.
    func isSigned(by secret: String) -> Bool {
        guard let key = Base64.decode(String(secret.dropFirst(6))) else { return false }
        let text = Array("\(headers["webhook-id"] ?? "").\(headers["webhook-timestamp"] ?? "").".utf8) + body
        return headers["webhook-signature"] == "v1,\(Base64.encode(HMAC.sha256(text, key: key)))"
    }
}
