import Catalog
import Engine
import Storage
import Values
import Workflows

extension RunDriver {
    /// What events mean for the jobs that vendors have.
    static func openAttempts(_ events: [Event], _ run: Run) -> [OpenAttemptChange] {
        var changes: [OpenAttemptChange] = []
        for event in events {
            switch event {
            case .submitted(let address, let number, _, _), .ready(let address, let number, _, _):
                if let put = put(address, number, .running, run) { changes.append(put) }
            case .attemptFailed(let address, let number, let error, _, _, _):
                if error.isJobOpen {
                    if let put = put(address, number, .abandoned, run) { changes.append(put) }
                } else if let remove = remove(address, number, run) {
                    changes.append(remove)
                }
            case .completed(let address, let number, _, _, _, _) where number > 0:
                if let remove = remove(address, number, run) { changes.append(remove) }
            case .judged(let address, let number, let candidate, _, _, _) where number > 0 && !candidate.passed:
                if let remove = remove(address, number, run) { changes.append(remove) }
            case .skipped(let address, _, _):
                // What came too late is stopped, and its job is paid all the same.
                guard let last = run.attempts(address).last, last.state == .cancelled else { continue }
                if let put = last.isAbandoned ? put(address, last.number, .abandoned, run) : nil {
                    changes.append(put)
                } else if let remove = remove(address, last.number, run) {
                    changes.append(remove)
                }
            case .ended(let end): changes += abandoned(by: end, run)
            default: continue
            }
        }
        return changes
    }

    private static func put(
        _ address: Address,
        _ number: Int,
        _ state: OpenAttempt.State,
        _ run: Run
    ) -> OpenAttemptChange? {
        guard let attempt = attempt(address, number, run) else { return nil }
        let node = run.plan.nodes[address.node]
        let prepared = try? run.prepared(for: attempt.grant, address)
        var body: JSONObject = [
            "type": .string(attempt.grant.fallbackType ?? node.type.id), "grant": attempt.grant.record,
            "keep": attempt.keep, "startedAt": .int(attempt.startedAt.microseconds),
        ]
        if let key = run.facts.key { body["key"] = .string(key.description) }
        if let prepared {
            body["parameters"] = .object(
                JSONObject(
                    prepared.parameters.sorted { $0.key < $1.key }.map {
                        JSONObject.Member(key: $0.key, value: $0.value)
                    }
                )
            )
            // Long inputs are not needed to ask about a job.
            body["inputs"] = .object(
                JSONObject(
                    prepared.inputs.sorted { $0.key < $1.key }.compactMap { name, value in
                        let record = value.record
                        return record.bytes.count < 8192 ? JSONObject.Member(key: name, value: record) : nil
                    }
                )
            )
        }
        return .put(
            OpenAttempt(
                execution: run.facts.execution,
                address: address.text(in: run.plan),
                attempt: Int64(number),
                state: state,
                offer: attempt.grant.offer,
                provider: attempt.grant.provider,
                jobID: attempt.keep["jobId"]?.string,
                reserved: attempt.grant.upper,
                deadline: attempt.grant.deadline,
                body: .object(body)
            )
        )
    }

    private static func remove(_ address: Address, _ number: Int, _ run: Run) -> OpenAttemptChange? {
        guard let attempt = attempt(address, number, run), !attempt.keep.isNull else { return nil }
        return .remove(address: address.text(in: run.plan), attempt: Int64(number))
    }

    /// The attempts that were under way when their run ended.
    private static func abandoned(by end: RunEnd, _ run: Run) -> [OpenAttemptChange] {
        run.addresses.flatMap { address in
            (run.nodeRun(address)?.attempts ?? []).compactMap { attempt in
                guard attempt.isAbandoned, attempt.state == .cancelled, attempt.endedAt == end.at else { return nil }
                return put(address, attempt.number, .abandoned, run)
            }
        }
    }

    private static func attempt(_ address: Address, _ number: Int, _ run: Run) -> Attempt? {
        // A restart, or another candidate before a gate, may have made it one of an earlier round in the same commit.
        run.attempts(address).last { $0.number == number }
    }
}

extension Run {
    /// Every node run there is.
    var addresses: [Address] {
        nodes.indices.flatMap { node in
            nodes[node].single != nil
                ? [Address(node: node)]
                : nodes[node].items.keys.sorted { $0.lexicographicallyPrecedes($1) }.map {
                    Address(node: node, index: $0)
                }
        }
    }

    /// The inputs of an attempt that was granted: those of the node's own type, or of the fallback that serves.
    func prepared(for grant: Grant, _ address: Address) throws(NodeError) -> Prepared {
        let own = try prepare(address, now: facts.createdAt)
        guard let name = grant.fallbackType,
            let place = plan.nodes[address.node].fallbacks.firstIndex(where: { $0.type.id == name })
        else { return own }
        return try prepare(fallback: place, own, address)
    }
}
