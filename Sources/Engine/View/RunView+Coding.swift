public import Values

import Catalog

extension RunView {
    /// The view as it is stored for an ended run.
    public var record: JSON {
        var object: JSONObject = [
            "facts": facts.record, "phase": .string(phase), "status": .string(status), "last": .int(lastEvent),
            "nodes": .array(nodes.map(\.record)), "results": .array(results.map(JSON.string)),
        ]
        object.set("startedAt", startedAt)
        object.set("endedAt", endedAt)
        object.set("cancelRequestedAt", cancelRequestedAt)
        object.set("settledAt", settledAt)
        if let error { object["error"] = error.record }
        if let failedNode { object["failedNode"] = .string(failedNode) }
        if budget != RunBudget(cap: nil) { object["budget"] = budget.record }
        if round > 1 { object["round"] = .int(Int64(round)) }
        if let batch { object["batch"] = batch.record }
        return .object(object)
    }

    /// Reads what ``record`` writes; `nil` for anything else.
    public init?(record: JSON) {
        guard let facts = record["facts"].flatMap(RunFacts.init(record:)), let phase = record["phase"]?.string,
            let status = record["status"]?.string, let last = record["last"]?.integer,
            let nodes = record["nodes"]?.array
        else { return nil }
        self.init(
            facts: facts,
            phase: phase,
            status: status,
            lastEvent: last,
            startedAt: record.time("startedAt"),
            endedAt: record.time("endedAt"),
            cancelRequestedAt: record.time("cancelRequestedAt"),
            error: NodeError(record: record["error"]),
            failedNode: record["failedNode"]?.string,
            round: Int(record["round"]?.integer ?? 1),
            settledAt: record.time("settledAt"),
            nodes: nodes.compactMap(NodeView.init(record:)),
            results: record["results"]?.array?.compactMap(\.string) ?? [],
            budget: RunBudget(record: record["budget"])
        )
        batch = BatchView(record: record["batch"])
    }
}

extension NodeView {
    var record: JSON {
        var object: JSONObject = [
            "id": .string(id), "label": .string(label), "written": .string(writtenType), "type": .string(type),
            "status": .string(status),
        ]
        if let skipReason { object["skip"] = .string(skipReason) }
        object.set("readyAt", readyAt)
        object.set("startedAt", startedAt)
        object.set("endedAt", endedAt)
        if let error { object["error"] = error.record }
        if isHandled { object["handled"] = .bool(true) }
        if !outputs.isEmpty { object["outputs"] = .sorted(outputs.mapValues(\.record)) }
        if !attempts.isEmpty { object["attempts"] = .array(attempts.map(\.record)) }
        if cost != .zero { object["cost"] = .int(cost.nano) }
        if let reuse {
            object["reuse"] = reuse.record
            object["reused"] = .int(Int64(reused))
            if saved != .zero { object["saved"] = .int(saved.nano) }
        }
        if let child { object["child"] = .string(child.description) }
        if let items {
            object["items"] = [
                "total": items.total.map { .int(Int64($0)) } ?? .null, "completed": .int(Int64(items.completed)),
                "failed": .int(Int64(items.failed)), "skipped": .int(Int64(items.skipped)),
            ]
        }
        if !itemErrors.isEmpty { object["errors"] = .array(itemErrors.map(\.record)) }
        if !turns.isEmpty { object["turns"] = .array(turns.map(\.record)) }
        if !candidates.isEmpty { object["candidates"] = .array(candidates.map(\.record)) }
        return .object(object)
    }

    init?(record: JSON) {
        guard let id = record["id"]?.string, let type = record["type"]?.string, let status = record["status"]?.string
        else { return nil }
        self.init(
            id: id,
            label: record["label"]?.string ?? id,
            writtenType: record["written"]?.string ?? type,
            type: type,
            status: status
        )
        skipReason = record["skip"]?.string
        readyAt = record.time("readyAt")
        startedAt = record.time("startedAt")
        endedAt = record.time("endedAt")
        error = NodeError(record: record["error"])
        isHandled = record["handled"]?.bool ?? false
        for member in record["outputs"]?.object ?? JSONObject() { outputs[member.key] = Value(record: member.value) }
        attempts = record["attempts"]?.array?.compactMap(Attempt.init(record:)) ?? []
        cost = Money(nano: record["cost"]?.integer ?? 0)
        reuse = record["reuse"].flatMap(Reuse.init(record:))
        reused = Int(record["reused"]?.integer ?? 0)
        saved = Money(nano: record["saved"]?.integer ?? 0)
        itemErrors = record["errors"]?.array?.compactMap(ItemError.init(record:)) ?? []
        turns = record["turns"]?.array?.compactMap(Turn.init(record:)) ?? []
        candidates = record["candidates"]?.array?.compactMap(Candidate.init(record:)) ?? []
        child = record["child"]?.string.flatMap(ExecutionID.init)
        if let counts = record["items"] {
            func count(_ name: String) -> Int { Int(counts[name]?.integer ?? 0) }
            items = Items(
                total: counts["total"]?.integer.map { Int($0) },
                completed: count("completed"),
                failed: count("failed"),
                skipped: count("skipped"),
                running: 0
            )
        }
    }
}

extension NodeView.ItemError {
    var record: JSON {
        ["address": .string(address), "error": error.record, "handled": .bool(isHandled)]
    }

    init?(record: JSON) {
        guard let address = record["address"]?.string, let error = NodeError(record: record["error"]) else {
            return nil
        }
        self.init(address: address, error: error, isHandled: record["handled"]?.bool ?? false)
    }
}

extension Attempt {
    var record: JSON {
        var object: JSONObject = [
            "n": .int(Int64(number)), "grant": grant.record, "startedAt": .int(startedAt.microseconds),
            "state": .string(word),
        ]
        object.set("endedAt", endedAt)
        if let error { object["error"] = error.record }
        if let job = keep["jobId"] { object["keep"] = ["jobId": job] }
        if cost != .zero { object["cost"] = .int(cost.nano) }
        if let nextDelay { object["nextDelayMs"] = .int(nextDelay.wholeMilliseconds) }
        if let requestID { object["requestId"] = .string(requestID) }
        if isWait { object["wait"] = .bool(true) }
        if reserved != .zero { object["reserved"] = .int(reserved.nano) }
        if round > 1 { object["round"] = .int(Int64(round)) }
        if isAbandoned { object["abandoned"] = .bool(true) }
        if callbacks > 0 { object["callbacks"] = .int(Int64(callbacks)) }
        if !lateOutputs.isEmpty { object["late"] = .sorted(lateOutputs.mapValues(\.record)) }
        return .object(object)
    }

    init?(record: JSON) {
        guard let number = record["n"]?.integer, let grant = record["grant"].flatMap(Grant.init(record:)),
            let startedAt = record.time("startedAt"), let word = record["state"]?.string
        else { return nil }
        self.init(number: Int(number), grant: grant, startedAt: startedAt)
        let error = NodeError(record: record["error"])
        state =
            switch word {
            case "intended": .intended
            case "submitted": .submitted
            case "ready": .ready
            case "succeeded": .succeeded
            case "failed": .failed(error ?? NodeError("internal_error", ""))
            case "unknown": .unknown(error ?? NodeError("internal_error", ""))
            case "withdrawn": .withdrawn
            default: .cancelled
            }
        endedAt = record.time("endedAt")
        keep = record["keep"] ?? .null
        cost = Money(nano: record["cost"]?.integer ?? 0)
        nextDelay = record["nextDelayMs"]?.integer.map { .milliseconds($0) }
        requestID = record["requestId"]?.string
        isWait = record["wait"]?.bool ?? false
        reserved = Money(nano: record["reserved"]?.integer ?? 0)
        round = Int(record["round"]?.integer ?? 1)
        isAbandoned = record["abandoned"]?.bool ?? false
        callbacks = Int(record["callbacks"]?.integer ?? 0)
        for member in record["late"]?.object ?? JSONObject() { lateOutputs[member.key] = Value(record: member.value) }
    }

    /// The word for the state in our records.
    public var word: String {
        switch state {
        case .intended: "intended"
        case .submitted: "submitted"
        case .ready: "ready"
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .unknown: "unknown"
        case .cancelled: "cancelled"
        case .withdrawn: "withdrawn"
        }
    }
}

extension JSONObject {
    mutating func set(_ name: String, _ time: Instant?) {
        if let time { self[name] = .int(time.microseconds) }
    }
}

extension JSON {
    func time(_ name: String) -> Instant? { self[name]?.integer.map(Instant.init(microseconds:)) }
}

extension RunBudget {
    var record: JSON {
        var object: JSONObject = ["spent": .int(spent.nano)]
        if let cap { object["cap"] = .int(cap.nano) }
        if reserved != .zero { object["reserved"] = .int(reserved.nano) }
        return .object(object)
    }

    init(record: JSON?) {
        self.init(cap: record?["cap"]?.integer.map(Money.init(nano:)))
        spent = Money(nano: record?["spent"]?.integer ?? 0)
        reserved = Money(nano: record?["reserved"]?.integer ?? 0)
    }
}

extension RunView {
    /// The end of a run that is set aside without a look at its state: only what it was accepted with is known.
    public static func setAside(_ facts: RunFacts, lastEvent: Int64, _ end: RunEnd) -> RunView {
        RunView(
            facts: facts,
            phase: end.phase.rawValue,
            status: end.phase.status,
            lastEvent: lastEvent,
            startedAt: nil,
            endedAt: end.at,
            cancelRequestedAt: nil,
            error: end.error,
            failedNode: nil,
            nodes: [],
            results: [],
            budget: RunBudget(cap: facts.maximumCost)
        )
    }
}
