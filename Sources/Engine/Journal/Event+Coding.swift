import Values
public import Workflows

extension Event {
    /// The events as one journal entry: a JSON list of objects with the kind in `k`.
    public static func encode(_ events: [Event], in plan: Plan) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.write(.array(events.map { .object($0.object(in: plan)) }))
        return writer.bytes
    }

    /// Reads a journal entry.
    ///
    /// - Throws: ``JournalError`` when it is not what ``encode(_:in:)`` writes.
    public static func decode(_ bytes: [UInt8], in plan: Plan) throws(JournalError) -> [Event] {
        guard let list = (try? JSON(parsing: bytes, limits: .record))?.array else {
            throw JournalError(reason: "an entry is no list")
        }
        var events: [Event] = []
        events.reserveCapacity(list.count)
        for json in list { events.append(try Event(json, in: plan)) }
        return events
    }

    /// The facts of the first event of a journal, which must be known before there is a plan.
    ///
    /// - Throws: ``JournalError`` when it is no accepted event.
    public static func facts(of bytes: [UInt8]) throws(JournalError) -> RunFacts {
        guard let first = (try? JSON(parsing: bytes, limits: .record))?[0], first["k"]?.string == "accepted",
            let facts = first["facts"].flatMap(RunFacts.init(record:))
        else { throw JournalError(reason: "the journal does not begin with an acceptance") }
        return facts
    }

    private func object(in plan: Plan) -> JSONObject {
        func make(_ kind: String, _ address: Address? = nil, at: Instant) -> JSONObject {
            var object: JSONObject = ["k": .string(kind)]
            if let address { object.append(new: "n", .string(address.text(in: plan))) }
            object.append(new: "t", .int(at.microseconds))
            return object
        }
        var object: JSONObject
        switch self {
        case .accepted(let facts):
            return ["k": "accepted", "facts": facts.record]
        case .waiting(let address, let reason, let readyAt, let since, let until):
            object = make("waiting", address, at: since)
            object.append(new: "reason", .string(reason.rawValue))
            object.append(new: "readyAt", .int(readyAt.microseconds))
            if let until { object.append(new: "until", .int(until.microseconds)) }
        case .intended(let address, let attempt, let grant, let readyAt, let at):
            object = make("intended", address, at: at)
            object.append(new: "a", .int(Int64(attempt)))
            object.append(new: "grant", grant.record)
            object.append(new: "readyAt", .int(readyAt.microseconds))
        case .submitted(let address, let attempt, let keep, let at):
            object = make("submitted", address, at: at)
            object.append(new: "a", .int(Int64(attempt)))
            object.append(new: "keep", keep)
        case .ready(let address, let attempt, let keep, let at):
            object = make("ready", address, at: at)
            object.append(new: "a", .int(Int64(attempt)))
            object.append(new: "keep", keep)
        case .attemptFailed(let address, let attempt, let error, let cost, let next, let at):
            object = make("attemptFailed", address, at: at)
            object.append(new: "a", .int(Int64(attempt)))
            object.append(new: "error", error.record)
            if cost != .zero { object.append(new: "cost", .int(cost.nano)) }
            switch next {
            case .retry(let time, let offer):
                object.append(new: "retryAt", .int(time.microseconds))
                object.append(new: "offer", .int(Int64(offer)))
            case .wait(let time): object.append(new: "waitUntil", .int(time.microseconds))
            case .ask: object.append(new: "ask", .bool(true))
            case .fail: break
            }
        case .withdrawn, .calledBack, .settled: object = attemptObject(make)
        case .completed(let address, let attempt, let outputs, let cost, let requestID, let at):
            object = make("completed", address, at: at)
            if attempt > 0 { object.append(new: "a", .int(Int64(attempt))) }
            object.append(new: "outputs", .sorted(outputs.mapValues(\.record)))
            if cost != .zero { object.append(new: "cost", .int(cost.nano)) }
            if let requestID { object.append(new: "requestId", .string(requestID)) }
        case .reused(let address, let outputs, let reuse, let at):
            object = make("reused", address, at: at)
            object.append(new: "outputs", .sorted(outputs.mapValues(\.record)))
            object.append(new: "reuse", reuse.record)
        case .capChanged(let cap, let at):
            object = make("capChanged", at: at)
            if let cap { object.append(new: "cap", .int(cap.nano)) }
        case .failed(let address, let error, let isHandled, let at):
            object = make("failed", address, at: at)
            object.append(new: "error", error.record)
            if isHandled { object.append(new: "handled", .bool(true)) }
        case .skipped(let address, let reason, let at):
            object = make("skipped", address, at: at)
            object.append(new: "reason", .string(reason.rawValue))
        case .turnStarted(let address, let turn, let value, let at):
            object = make("turnStarted", address, at: at)
            object.append(new: "turn", .int(Int64(turn)))
            if let value { object.append(new: "value", value.record) }
        case .turnEnded(let address, let turn, let score, let at):
            object = make("turnEnded", address, at: at)
            object.append(new: "turn", .int(Int64(turn)))
            if let score { object.append(new: "score", .double(score)) }
        case .judged(let address, let attempt, let candidate, let cost, let requestID, let at):
            object = make("judged", address, at: at)
            if attempt > 0 { object.append(new: "a", .int(Int64(attempt))) }
            object.append(new: "candidate", candidate.record)
            if cost != .zero { object.append(new: "cost", .int(cost.nano)) }
            if let requestID { object.append(new: "requestId", .string(requestID)) }
        case .regenerating(let address, let candidate, let at):
            object = make("regenerating", address, at: at)
            object.append(new: "candidate", candidate.record)
        case .restarted(let round, let at):
            object = make("restarted", at: at)
            object.append(new: "round", .int(Int64(round)))
        case .cancelRequested(let reason, let at):
            object = make("cancelRequested", at: at)
            if let reason { object.append(new: "reason", .string(reason)) }
        case .paused(let at): object = make("paused", at: at)
        case .resumed(let at): object = make("resumed", at: at)
        case .outside(let event): return event.object(in: plan)
        case .ended(let end): return Self.object(end)
        }
        return object
    }

    /// The end of a run as a journal entry of its own, for a run whose state nobody may look at.
    public static func encode(_ end: RunEnd) -> [UInt8] { JSON.array([.object(object(end))]).bytes }

    private static func object(_ end: RunEnd) -> JSONObject {
        var object: JSONObject = [
            "k": "ended", "t": .int(end.at.microseconds), "phase": .string(end.phase.rawValue),
        ]
        if let error = end.error { object.append(new: "error", error.record) }
        if let node = end.failedNode { object.append(new: "failedNode", .string(node)) }
        return object
    }

    private static func outputs(_ json: JSON) throws(JournalError) -> [String: Value] {
        var outputs: [String: Value] = [:]
        for member in json["outputs"]?.object ?? JSONObject() {
            guard let value = Value(record: member.value) else {
                throw JournalError(reason: "an event lacks a value of the port \(member.key)")
            }
            outputs[member.key] = value
        }
        return outputs
    }

    private init(_ json: JSON, in plan: Plan) throws(JournalError) {
        let kind = json["k"]?.string ?? ""
        func need<Value>(_ value: Value?, _ what: String) throws(JournalError) -> Value {
            guard let value else { throw JournalError(reason: "an event \(kind) lacks \(what)") }
            return value
        }
        func address() throws(JournalError) -> Address {
            let text = try need(json["n"]?.string, "its node")
            return try need(Address(text, in: plan), "a node of the plan: \(text)")
        }
        func time(_ name: String) throws(JournalError) -> Instant {
            Instant(microseconds: try need(json[name]?.integer, name))
        }
        func optionalTime(_ name: String) -> Instant? { json[name]?.integer.map(Instant.init(microseconds:)) }
        func attempt() throws(JournalError) -> Int { Int(try need(json["a"]?.integer, "its attempt")) }
        func error() throws(JournalError) -> NodeError { try need(NodeError(record: json["error"]), "its error") }
        let cost = Money(nano: json["cost"]?.integer ?? 0)
        switch kind {
        case "accepted": self = .accepted(try need(json["facts"].flatMap(RunFacts.init(record:)), "its facts"))
        case "waiting":
            self = .waiting(
                try address(),
                try need(json["reason"]?.string.flatMap(WaitReason.init), "its reason"),
                readyAt: try time("readyAt"),
                since: try time("t"),
                until: optionalTime("until")
            )
        case "intended":
            self = .intended(
                try address(),
                attempt: try attempt(),
                try need(json["grant"].flatMap(Grant.init(record:)), "its grant"),
                readyAt: try time("readyAt"),
                at: try time("t")
            )
        case "submitted":
            self = .submitted(
                try address(),
                attempt: try attempt(),
                keep: json["keep"] ?? .null,
                at: try time("t")
            )
        case "ready":
            self = .ready(try address(), attempt: try attempt(), keep: json["keep"] ?? .null, at: try time("t"))
        case "attemptFailed":
            let next: NextStep =
                if let time = optionalTime("retryAt") {
                    .retry(at: time, offer: Int(json["offer"]?.integer ?? 0))
                } else if let time = optionalTime("waitUntil") {
                    .wait(until: time)
                } else {
                    json["ask"]?.bool == true ? .ask : .fail
                }
            self = .attemptFailed(
                try address(),
                attempt: try attempt(),
                try error(),
                cost: cost,
                next: next,
                at: try time("t")
            )
        case "withdrawn", "calledBack", "settled":
            self = try need(
                Event(kind, try address(), attempt: try attempt(), json, at: try time("t")),
                "something"
            )
        case "completed":
            self = .completed(
                try address(),
                attempt: Int(json["a"]?.integer ?? 0),
                outputs: try Self.outputs(json),
                cost: cost,
                requestID: json["requestId"]?.string,
                at: try time("t")
            )
        case "reused":
            self = .reused(
                try address(),
                outputs: try Self.outputs(json),
                try need(json["reuse"].flatMap(Reuse.init(record:)), "where its outputs come from"),
                at: try time("t")
            )
        case "capChanged": self = .capChanged(json["cap"]?.integer.map(Money.init(nano:)), at: try time("t"))
        case "failed":
            self = .failed(
                try address(),
                try error(),
                isHandled: json["handled"]?.bool ?? false,
                at: try time("t")
            )
        case "skipped":
            self = .skipped(
                try address(),
                try need(json["reason"]?.string.flatMap(NodeRun.SkipReason.init), "its reason"),
                at: try time("t")
            )
        case "turnStarted":
            self = .turnStarted(
                try address(),
                turn: Int(try need(json["turn"]?.integer, "its turn")),
                value: json["value"].flatMap(Value.init(record:)),
                at: try time("t")
            )
        case "turnEnded":
            self = .turnEnded(
                try address(),
                turn: Int(try need(json["turn"]?.integer, "its turn")),
                score: json["score"]?.number,
                at: try time("t")
            )
        case "judged":
            self = .judged(
                try address(),
                attempt: Int(json["a"]?.integer ?? 0),
                try need(json["candidate"].flatMap(Candidate.init(record:)), "its candidate"),
                cost: cost,
                requestID: json["requestId"]?.string,
                at: try time("t")
            )
        case "regenerating":
            self = .regenerating(
                try address(),
                try need(json["candidate"].flatMap(Candidate.init(record:)), "its candidate"),
                at: try time("t")
            )
        case "restarted":
            self = .restarted(round: Int(try need(json["round"]?.integer, "its round")), at: try time("t"))
        case "cancelRequested": self = .cancelRequested(reason: json["reason"]?.string, at: try time("t"))
        case "paused": self = .paused(at: try time("t"))
        case "resumed": self = .resumed(at: try time("t"))
        case "ended":
            self = .ended(
                RunEnd(
                    phase: try need(json["phase"]?.string.flatMap(RunEnd.Phase.init), "its phase"),
                    at: try time("t"),
                    error: NodeError(record: json["error"]),
                    failedNode: json["failedNode"]?.string
                )
            )
        default:
            guard let event = try OutsideEvent(json, kind: kind, in: plan) else {
                throw JournalError(reason: "there is an event of the unknown kind '\(kind)'")
            }
            self = .outside(event)
        }
    }
}

/// Why a journal cannot be read.
public struct JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong in it.
    public let reason: String

    /// What is wrong, and what to do.
    public var description: String { "The journal cannot be read: \(reason). Restore it from a backup." }
}
