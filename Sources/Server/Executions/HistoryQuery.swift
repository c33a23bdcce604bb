import Storage
import Values

/// What the query of a list of executions asks for (contract §7.7).
struct HistoryQuery {
    private var filter: ExecutionFilter

    /// The words of contract §5.
    static let statuses = ["RUNNING", "COMPLETED", "FAILED", "CANCELLED"]
    /// The words of contract §5.
    static let phases = [
        "queued", "running", "waiting", "paused", "cancelling", "completed", "completed_partial", "failed",
        "timed_out", "cancelled",
    ]
    /// What may start a run.
    static let triggers = ["api", "app", "webhook", "schedule", "workflow", "batch", "retry", "error", "backfill"]
    /// What begins the names of filters by the notes of callers.
    private static let notes = "metadata."

    init(_ exchange: Exchange) throws(APIError) {
        filter = ExecutionFilter(.account(exchange.account), of: exchange.account)
        filter.statuses = try Self.words("status", Self.statuses, exchange) { $0.uppercased() }
        filter.phases = try Self.words("phase", Self.phases, exchange) { $0.lowercased() }
        filter.triggers = try Self.words("trigger", Self.triggers, exchange) { $0.lowercased() }
        filter.from = try Self.time("from", exchange)
        filter.to = try Self.time("to", exchange)
        filter.version = try Self.version(exchange)
        if let batch = exchange.query("batchId") { filter.labels.append(.batch(batch.lowercased())) }
        if let customer = exchange.query("customer") { filter.labels.append(.customer(customer)) }
        for (name, value) in exchange.query where name.hasPrefix(Self.notes) {
            let key = String(name.dropFirst(Self.notes.utf8.count))
            guard filter.labels.count < 5 else {
                throw Self.wrong(name, "is one too many; at most five notes, batches and customers go together")
            }
            filter.labels.append(ExecutionFilter.Label(key: key, value: value))
        }
    }

    func filter(_ owner: ExecutionOwner, of account: AccountID) -> ExecutionFilter {
        var filter = filter
        filter.owner = owner
        return filter
    }

    private static func words(
        _ name: String,
        _ known: [String],
        _ exchange: Exchange,
        _ form: (Substring) -> String
    ) throws(APIError) -> Set<String> {
        guard let text = exchange.query(name) else { return [] }
        let words = Set(text.split(separator: ",").map(form))
        guard !words.isEmpty, words.isSubset(of: known) else {
            throw wrong(name, "must be one or more of \(known.joined(separator: ", ")), with commas between")
        }
        return words
    }

    static func time(_ name: String, _ exchange: Exchange) throws(APIError) -> Instant? {
        guard let text = exchange.query(name) else { return nil }
        guard let time = Instant(text) else {
            throw wrong(name, "must be a time such as 2026-11-20T14:00:00Z")
        }
        return time
    }

    private static func version(_ exchange: Exchange) throws(APIError) -> ExecutionFilter.Version? {
        guard let text = exchange.query("version") else { return nil }
        if text == "draft" { return .draft }
        guard let number = Int64(text), number > 0 else { throw wrong("version", "must be a number or draft") }
        return .number(number)
    }

    private static func wrong(_ name: String, _ problem: String) -> APIError {
        APIError(.invalidFilter, "\(name) \(problem).", ["param": .string(name)])
    }
}

extension ExecutionFilter {
    /// Whether only a group is asked for.
    var isOnlyOfBatch: Bool {
        labels.count == 1 && statuses.isEmpty && phases.isEmpty && triggers.isEmpty && from == nil && to == nil
            && version == nil
    }
}
