import Catalog
import Expressions
import JSONSchemas
public import Values
import Workflows

extension Step {
    /// Begins a node run that waits for something outside the run.
    mutating func begin(_ kind: WaitNode, _ address: Address, _ prepared: Prepared) throws(NodeError) {
        switch kind {
        case .timer: try beginTimer(address, prepared)
        case .event: try beginEvent(address, prepared)
        case .approval: try beginApproval(address, prepared)
        case .child:
            run.prepared[address] = prepared
            run.queues[address.node, default: []].append(address.index)
        }
    }

    /// Takes what a waiting node or a batch waits for.
    mutating func take(_ input: OutsideInput) {
        switch input {
        case .data(let address, let data, let at): take(data, for: address, at: at)
        case .decision(let id, let decision): take(decision, about: id)
        case .childrenEnded(let ends): take(ends)
        }
    }

    /// Looks at the waiting nodes whose time has come.
    mutating func fireAlarms() {
        let due = run.outside.alarms.filter { $0.value <= now }.keys.sorted {
            ($0.node, $0.index.description) < ($1.node, $1.index.description)
        }
        for address in due { fire(address) }
    }

    private mutating func fire(_ address: Address) {
        guard case .waiting(let reason, let until) = run.nodeRun(address)?.state else { return }
        do {
            switch reason {
            case .timer: finish(address, ["value": try value(address)])
            case .event:
                let time: JSON = until.map { .string($0.description) } ?? .null
                finish(address, ["timeout": .json(["until": time])])
            case .approval: try expire(address)
            default: return
            }
        } catch {
            fail(address, error)
        }
    }

    private mutating func finish(_ address: Address, _ outputs: [String: Value]) {
        emit(.completed(address, attempt: 0, outputs: outputs, cost: .zero, requestID: nil, at: now))
        touchFollowers(of: address)
    }

    /// The value that a waiting node passes on.
    private func value(_ address: Address) throws(NodeError) -> Value {
        try run.prepare(address, now: now).inputs["value"] ?? .json(.null)
    }

    private mutating func wait(_ address: Address, for reason: WaitReason, until: Instant?) {
        emit(.waiting(address, reason, readyAt: now, since: now, until: until))
    }

    // MARK: Timers

    private mutating func beginTimer(_ address: Address, _ prepared: Prepared) throws(NodeError) {
        let label = run.plan.nodes[address.node].label
        let until: Instant
        switch (prepared.parameters["duration"], prepared.parameters["until"]) {
        case (let span?, nil): until = now + (try duration(span, "duration", label))
        case (nil, let time?):
            guard let parsed = time.string.flatMap(Instant.init) else {
                throw NodeError(
                    .invalidInput,
                    "\(label): until must be a time such as 2026-11-20T14:00:00Z, not \(time.shortText)."
                )
            }
            until = parsed
        default: throw NodeError(.invalidInput, "\(label): set either duration or until.")
        }
        guard until - now <= Self.longestWait else {
            throw NodeError(.invalidInput, "\(label): a run waits at most 3,660 days.")
        }
        if until <= now {
            finish(address, ["value": prepared.inputs["value"] ?? .json(.null)])
        } else {
            wait(address, for: .timer, until: until)
        }
    }

    private static var longestWait: Duration { .seconds(3_660 * 86_400) }

    /// A span as settings write it: a number of seconds, or numbers with units such as `1h30m` and `2d`.
    private func duration(_ json: JSON, _ name: String, _ label: String) throws(NodeError) -> Duration {
        let seconds: Double? =
            if let text = json.string {
                if let number = Double(text) {
                    number
                } else if text.hasSuffix("d"), let days = Double(text.dropLast()) {
                    days * 86_400
                } else {
                    CELDuration(text).map { Double($0.nanoseconds) / 1e9 }
                }
            } else {
                json.number
            }
        guard let seconds, seconds >= 0, seconds.isFinite else {
            throw NodeError(
                .invalidInput,
                "\(label): \(name) must be a number of seconds, or a span such as 90s, 1h30m or 2d, not \(json.shortText)."
            )
        }
        guard seconds <= 3_660 * 86_400 else {
            throw NodeError(.invalidInput, "\(label): a run waits at most 3,660 days.")
        }
        return .microseconds(Int64(seconds * 1e6))
    }

    private func end(_ prepared: Prepared, _ address: Address) throws(NodeError) -> Instant? {
        guard let span = prepared.parameters["timeout"] else { return nil }
        return now + (try duration(span, "timeout", run.plan.nodes[address.node].label))
    }

    private func checkSchema(_ json: JSON?, _ name: String, _ address: Address) throws(NodeError) {
        guard let json, !json.isNull else { return }
        do {
            _ = try JSONSchema(json)
        } catch {
            let label = run.plan.nodes[address.node].label
            throw NodeError(.invalidInput, "\(label): \(name) is no JSON Schema: \(error)")
        }
    }

    // MARK: Data

    private mutating func beginEvent(_ address: Address, _ prepared: Prepared) throws(NodeError) {
        try checkSchema(prepared.parameters["schema"], "schema", address)
        let until = try end(prepared, address)
        if let data = run.outside.mail[address] {
            finish(address, ["event": .json(data)])
        } else {
            wait(address, for: .event, until: until)
        }
    }

    private mutating func take(_ data: JSON, for address: Address, at: Instant) {
        guard run.plan.nodes[address.node].type.id == WaitNode.event.rawValue,
            run.problem(with: data, for: address) == nil
        else { return }
        switch run.nodeRun(address)?.state {
        case .waiting(.event, let until):
            // What came too late does not become early because nobody looked at the clock before.
            if let until, at > until { fire(address) } else { finish(address, ["event": .json(data)]) }
        case nil:
            guard run.outside.mail[address] == nil, run.outside.mail.count < OutsideState.maximumMail else { return }
            emit(.outside(.received(address, data, at: now)))
        default: return
        }
    }

    // MARK: Approvals

    private mutating func beginApproval(_ address: Address, _ prepared: Prepared) throws(NodeError) {
        let form = prepared.parameters["form"] ?? .null
        try checkSchema(form, "form", address)
        let until = try end(prepared, address)
        let request = ApprovalRequest(
            id: ApprovalID(at: now, random: &random),
            title: prepared.parameters["title"]?.string ?? run.plan.nodes[address.node].label,
            message: prepared.inputs["message"].map { Conversion.text(of: $0.asJSON) } ?? "",
            payload: prepared.inputs["value"] ?? .json(.null),
            form: form,
            assignees: prepared.parameters["assignees"]?.array?.compactMap(\.string) ?? [],
            expiresAt: until,
            onTimeout: prepared.parameters["onTimeout"]?.string.flatMap(ApprovalRequest.OnTimeout.init) ?? .reject
        )
        emit(.outside(.asked(address, request, at: now)))
        wait(address, for: .approval, until: until)
    }

    private mutating func take(_ decision: ApprovalDecision, about id: ApprovalID) {
        guard let (address, request) = run.outside.approvals.first(where: { $0.value.id == id }) else { return }
        if let expiresAt = request.expiresAt, decision.at > expiresAt { return }
        let end: ApprovalEnd = decision.isApproved ? .approved : .rejected
        emit(.outside(.decided(address, id, end, by: decision.by, at: now)))
        let given: Value? = decision.isApproved && !decision.data.isNull ? .json(decision.data) : nil
        finish(
            address,
            [
                decision.isApproved ? "approved" : "rejected": given ?? request.payload,
                "decision": .json(decision.output(end)),
            ]
        )
    }

    private mutating func expire(_ address: Address) throws(NodeError) {
        guard let request = run.outside.approvals[address] else { return }
        emit(.outside(.decided(address, request.id, .expired, by: nil, at: now)))
        let node = run.plan.nodes[address.node]
        let isWired = node.outgoing.contains { run.plan.edges[$0].sourcePort == "timeout" }
        let port: String
        switch request.onTimeout {
        case _ where isWired: port = "timeout"
        case .approve: port = "approved"
        case .reject: port = "rejected"
        case .fail:
            throw NodeError("node_timeout", "\(node.label): nobody has decided in time.")
        }
        let decision: JSON = [
            "decision": "expired", "decidedBy": nil, "decidedAt": .string(now.description), "comment": nil, "data": nil,
        ]
        finish(address, [port: request.payload, "decision": .json(decision)])
    }
}

extension Run {
    /// What is wrong with data for a node that waits for some, or will; `nil` when it may be sent.
    public func problem(with data: JSON, for address: Address) -> String? {
        let parameter = plan.nodes[address.node].parameters.first { $0.parameter.id == "schema" }
        guard case .literal(let json) = parameter?.binding, let schema = try? JSONSchema(json) else { return nil }
        return schema.problems(in: data).first?.description
    }

    /// Whether data may be sent for a node run: it waits for some, or has not begun and nothing came for it yet.
    public func takesData(_ address: Address) -> Bool {
        guard end == nil, plan.nodes[address.node].type.id == WaitNode.event.rawValue else { return false }
        if case .waiting(.event, _) = nodeRun(address)?.state { return true }
        return nodeRun(address) == nil && nodes[address.node].single == nil && outside.mail[address] == nil
            && outside.mail.count < OutsideState.maximumMail
    }
}
