import HTTPValues
import Storage
import Synchronization
import Values

/// Whether a request has written its own record.
final class AuditTrail: Sendable {
    private let mark = Mutex(false)

    var isRecorded: Bool { mark.withLock { $0 } }

    func note() { mark.withLock { $0 = true } }
}

extension Exchange {
    /// A record of what this request does, to be stored in the same commit: pass it along with the write.
    ///
    /// A request that changes something and makes no record of its own gets one when it has succeeded.
    ///
    /// - Parameters:
    ///   - resource: To what it is done: an identifier or a name.
    ///   - details: What else is worth knowing; never a secret.
    ///   - principal: Who does it, where the request itself does not prove that: the account and the actor.
    /// - Returns: The record.
    func audit(
        _ resource: String?,
        _ details: JSONObject = JSONObject(),
        by principal: (account: AccountID, actor: String)? = nil
    ) -> AuditRecord {
        trail.note()
        var random = SystemRandomNumberGenerator()
        var record = AuditRecord(
            id: AuditID(at: now, random: &random),
            account: principal?.account ?? account,
            at: now,
            actor: principal?.actor ?? self.principal?.actor ?? "nobody",
            address: client.description,
            action: action,
            resource: resource,
            request: id
        )
        record.details = details
        return record
    }
}

extension APIServer {
    /// What leaves its own trace, or none that matters: runs are in the history with the key that started them, and
    /// questions change nothing.
    private static let unrecorded: Set<String> = [
        "executeWorkflow", "runWorkflow", "runApp", "retryExecution", "lintGraph", "estimateWorkflow", "layOutWorkflow",
        "uploadMedia",
    ]

    /// Records a change that somebody has made, unless the request has done so itself.
    func record(_ reply: Reply, of route: Route, _ exchange: Exchange) async {
        guard exchange.principal != nil, ![.get, .head, .options].contains(route.method), !exchange.trail.isRecorded,
            let operation = route.operation, !Self.unrecorded.contains(operation.id)
        else { return }
        var made: String?
        if case .json(let json, _, _) = reply { made = json["id"]?.string ?? json["data"]?["id"]?.string }
        let record = exchange.audit(exchange.parameters.first ?? made)
        do {
            try await database.insert(record)
        } catch {
            log("request \(exchange.id): what it did could not be recorded: \(error)")
        }
    }
}
