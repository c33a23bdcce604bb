import Values
public import Workflows

import Catalog

/// The state of a run as one record, so that a long journal need not be read from its beginning.
///
/// It holds what replaying the journal gives, and nothing that a restart finds again. A record of another
/// ``version`` is not read: then the journal is.
public struct RunSnapshot: Sendable {
    /// Changes whenever the state of a run does.
    public static let version: Int64 = 2

    /// The number of the last event in it.
    public let lastEvent: Int64
    /// The record.
    public let body: [UInt8]

    /// The state of a run.
    public init(_ run: Run) {
        lastEvent = run.lastEvent
        var object: JSONObject = [
            "v": .int(Self.version), "facts": run.facts.record, "last": .int(run.lastEvent),
            "time": .int(run.time.microseconds),
            "budget": run.budget.record,
        ]
        object.set("startedAt", run.startedAt)
        object.set("cancelRequestedAt", run.cancelRequestedAt)
        if run.round > 1 { object["round"] = .int(Int64(run.round)) }
        if run.isPaused { object["paused"] = .bool(true) }
        if let (node, error) = run.failure {
            object["failure"] = ["node": .string(run.plan.nodes[node].id), "error": error.record]
        }
        var nodes = JSONObject()
        for (node, state) in zip(run.plan.nodes, run.nodes) {
            var runs = state.items.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { Self.record($1, $0) }
            if let single = state.single { runs.append(Self.record(single, [])) }
            if !runs.isEmpty { nodes.append(new: node.id, .array(runs)) }
        }
        object["nodes"] = .object(nodes)
        object["outside"] = run.outside.record(in: run.plan)
        var past = JSONObject()
        for (node, state) in zip(run.plan.nodes, run.nodes) where !state.past.isEmpty {
            let attempts = state.past.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { index, attempts in
                JSON.object(["i": Self.record(index), "attempts": .array(attempts.map(\.snapshot))])
            }
            past.append(new: node.id, .array(attempts))
        }
        if !past.isEmpty { object["past"] = .object(past) }
        body = JSON.object(object).bytes
    }

    /// The state that a record holds; `nil` when it is of another version or does not fit the plan.
    public static func run(_ body: [UInt8], plan: Plan) -> Run? {
        guard let json = try? JSON(parsing: body, limits: .record), json["v"]?.integer == version,
            let facts = json["facts"].flatMap(RunFacts.init(record:)), let last = json["last"]?.integer,
            let time = json["time"]?.integer
        else { return nil }
        var run = Run(plan: plan, facts: facts)
        run.lastEvent = last
        run.time = Instant(microseconds: time)
        run.budget = RunBudget(record: json["budget"])
        run.startedAt = json.time("startedAt")
        run.cancelRequestedAt = json.time("cancelRequestedAt")
        run.round = Int(json["round"]?.integer ?? 1)
        run.isPaused = json["paused"]?.bool ?? false
        if let failure = json["failure"] {
            guard let node = failure["node"]?.string.flatMap(plan.place(of:)),
                let error = NodeError(record: failure["error"])
            else { return nil }
            run.failure = (node, error)
        }
        for member in json["nodes"]?.object ?? JSONObject() {
            guard let node = plan.place(of: member.key) else { return nil }
            for record in member.value.array ?? [] {
                guard let index = Self.index(record["i"]), let nodeRun = NodeRun(record: record)
                else { return nil }
                run.restore(Address(node: node, index: index), nodeRun)
            }
        }
        run.outside.restore(json["outside"], in: plan)
        for member in json["past"]?.object ?? JSONObject() {
            guard let node = plan.place(of: member.key) else { return nil }
            for record in member.value.array ?? [] {
                guard let index = Self.index(record["i"]), let attempts = record["attempts"]?.array else { return nil }
                run.nodes[node].past[index] = attempts.compactMap(Attempt.init(snapshot:))
                for attempt in run.nodes[node].past[index] ?? [] { run.nodes[node].spent += attempt.cost }
            }
        }
        return run
    }

    private static func record(_ run: NodeRun, _ index: [Int32]) -> JSON {
        guard case .object(var object) = run.record else { return .null }
        object["i"] = record(index)
        return .object(object)
    }

    private static func record(_ index: [Int32]) -> JSON { .array(index.map { .int(Int64($0)) }) }

    private static func index(_ record: JSON?) -> [Int32]? {
        record?.array.map { $0.compactMap { $0.integer.map(Int32.init) } }
    }
}

extension Run {
    /// Puts a node run where it was, and counts it.
    fileprivate mutating func restore(_ address: Address, _ nodeRun: NodeRun) {
        nodes[address.node][address.index] = nodeRun
        for attempt in nodeRun.attempts { nodes[address.node].spent += attempt.cost }
        if nodeRun.openAttempt != nil {
            running += 1
            nodes[address.node].running += 1
        }
        if nodeRun.isHeld { held.insert(address) }
        switch nodeRun.state {
        case .waiting(let reason, let until) where reason.isOutside:
            applyOutsideWait(address, reason, since: nodeRun.readyAt, until: until)
        case .waiting(_, let until): timers[address] = until
        case .running: break
        case .completed: nodes[address.node].counts.completed += 1
        case .failed: nodes[address.node].counts.failed += 1
        case .skipped, .cancelled: nodes[address.node].counts.skipped += 1
        }
        guard nodeRun.state.isTerminal else { return }
        for length in 0..<address.index.count {
            nodes[address.node].terminalItems[Array(address.index.prefix(length)), default: 0] += 1
        }
    }
}

extension NodeRun {
    /// The node run as a snapshot keeps it.
    fileprivate var record: JSON {
        var object: JSONObject = ["readyAt": .int(readyAt.microseconds)]
        switch state {
        case .waiting(let reason, let until):
            object["waiting"] = .string(reason.rawValue)
            object.set("until", until)
        case .running: object["state"] = "running"
        case .completed: object["state"] = "completed"
        case .failed(let error, let isHandled):
            object["failed"] = error.record
            if isHandled { object["handled"] = .bool(true) }
        case .skipped(let reason): object["skipped"] = .string(reason.rawValue)
        case .cancelled: object["state"] = "cancelled"
        }
        object.set("startedAt", startedAt)
        object.set("endedAt", endedAt)
        object.set("waitingSince", waitingSince)
        if offer != 0 { object["offer"] = .int(Int64(offer)) }
        if !outputs.isEmpty { object["outputs"] = .sorted(outputs.mapValues(\.record)) }
        if let reuse { object["reuse"] = reuse.record }
        if let child { object["child"] = .string(child.description) }
        if childCost != .zero { object["childCost"] = .int(childCost.nano) }
        if !attempts.isEmpty { object["attempts"] = .array(attempts.map(\.snapshot)) }
        if !turns.isEmpty { object["turns"] = .array(turns.map(\.snapshot)) }
        if !candidates.isEmpty { object["candidates"] = .array(candidates.map(\.record)) }
        if let replaced { object["replaced"] = replaced.record }
        return .object(object)
    }

    fileprivate init?(record: JSON) {
        guard let readyAt = record.time("readyAt") else { return nil }
        let state: State
        if let reason = record["waiting"]?.string {
            guard let reason = WaitReason(rawValue: reason) else { return nil }
            state = .waiting(reason, until: record.time("until"))
        } else if let failed = record["failed"] {
            guard let error = NodeError(record: failed) else { return nil }
            state = .failed(error, isHandled: record["handled"]?.bool ?? false)
        } else if let reason = record["skipped"]?.string {
            guard let reason = SkipReason(rawValue: reason) else { return nil }
            state = .skipped(reason)
        } else {
            switch record["state"]?.string {
            case "running": state = .running
            case "completed": state = .completed
            case "cancelled": state = .cancelled
            default: return nil
            }
        }
        self.init(state: state, readyAt: readyAt)
        startedAt = record.time("startedAt")
        endedAt = record.time("endedAt")
        waitingSince = record.time("waitingSince")
        offer = Int(record["offer"]?.integer ?? 0)
        for member in record["outputs"]?.object ?? JSONObject() {
            guard let value = Value(record: member.value) else { return nil }
            outputs[member.key] = value
        }
        reuse = record["reuse"].flatMap(Reuse.init(record:))
        child = record["child"]?.string.flatMap(ExecutionID.init)
        childCost = Money(nano: record["childCost"]?.integer ?? 0)
        for record in record["attempts"]?.array ?? [] {
            guard let attempt = Attempt(snapshot: record) else { return nil }
            attempts.append(attempt)
        }
        for record in record["turns"]?.array ?? [] {
            guard let turn = Turn(snapshot: record) else { return nil }
            turns.append(turn)
        }
        candidates = record["candidates"]?.array?.compactMap(Candidate.init(record:)) ?? []
        replaced = NodeError(record: record["replaced"])
    }
}

extension Attempt {
    /// The attempt as a snapshot keeps it.
    fileprivate var snapshot: JSON {
        guard case .object(var object) = record else { return .null }
        // What the vendor said is needed to go on with the job.
        if !keep.isNull { object["keep"] = keep }
        if let callback { object["callback"] = callback.record }
        object.set("resumedAt", resumedAt)
        if let nextDelay { object["nextDelay"] = .int(nextDelay.wholeMicroseconds) }
        return .object(object)
    }

    fileprivate init?(snapshot: JSON) {
        self.init(record: snapshot)
        callback = VendorCallback(record: snapshot["callback"])
        nextDelay = snapshot["nextDelay"]?.integer.map { .microseconds($0) }
        resumedAt = snapshot.time("resumedAt")
    }
}

extension Turn {
    /// The turn as a snapshot keeps it: with the value it began with.
    fileprivate var snapshot: JSON {
        guard case .object(var object) = record else { return .null }
        if let value { object["value"] = value.record }
        return .object(object)
    }

    fileprivate init?(snapshot: JSON) {
        self.init(record: snapshot)
        value = snapshot["value"].flatMap(Value.init(record:))
    }
}
