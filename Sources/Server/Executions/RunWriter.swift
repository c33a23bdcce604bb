import Catalog
import Engine
import Values

/// Writes what is shown about a run (contract §7.4, §7.6, §7.7).
struct RunWriter {
    let view: RunView
    let values: ValueWriter
    let credit: Money

    /// The body of a poll.
    func poll(now: Instant) -> JSONObject {
        let age = (view.endedAt ?? now) - view.facts.createdAt
        var object: JSONObject = [
            "executionId": .string(view.facts.execution.description),
            "workflowId": .string(view.facts.workflow.description), "status": .string(view.status),
            "phase": .string(view.phase), "waiting": waiting, "worker": worker, "wakeAt": time(view.wakeAt),
            "cancelRequestedAt": time(view.cancelRequestedAt),
            "progress": .double((view.progress * 1000).rounded() / 1000),
            "error": view.error.map { .string($0.message) } ?? .null,
            "errorCode": view.error.map { .string($0.code) } ?? .null,
            "failedNodeId": view.failedNode.map(JSON.string) ?? .null,
            "startTime": .string(view.facts.createdAt.description), "endTime": time(view.endedAt),
            "nodeStates": .array(view.nodes.map { .object(state($0)) }),
            "nodeResults": ["nodeRuns": .array(view.nodes.compactMap(result))], "finalOutput": finalOutput,
            "pollAfterMs": .int(min(max(age.wholeMilliseconds / 5, 1000), 10_000)),
            "eventCursor": .string(String(view.lastEvent)),
        ]
        if view.phase == "completed_partial" { object["partial"] = true }
        if let batch = view.batch { object["batch"] = Self.counts(batch) }
        object["workflowVersion"] = view.facts.version.map(JSON.int) ?? .null
        object["workflowRevision"] = view.facts.revision.map(JSON.int) ?? .null
        if view.facts.isTest { object["test"] = true }
        return object
    }

    /// The small body of a poll with `fields=status`.
    var status: JSON {
        [
            "executionId": .string(view.facts.execution.description), "status": .string(view.status),
            "phase": .string(view.phase), "waiting": waiting,
            "progress": .double((view.progress * 1000).rounded() / 1000),
        ]
    }

    /// The body of the details: that of a poll and everything else.
    func details(now: Instant) -> JSONObject {
        var object = poll(now: now)
        let facts = view.facts
        object["batchId"] = .string(facts.batch)
        object["round"] = .int(Int64(view.round))
        object["parent"] = parent
        object["trigger"] = facts.trigger
        object["environment"] = facts.environment.map(JSON.string) ?? .null
        object["inputs"] = facts.inputs
        object["triggerData"] = facts.triggerData
        object["metadata"] = facts.metadata
        object["customer"] = facts.customer.map(JSON.string) ?? .null
        object["timing"] = [
            "queuedMs": view.startedAt.map { milliseconds(facts.createdAt, $0) } ?? .null,
            "durationMs": view.endedAt.map { milliseconds(facts.createdAt, $0) } ?? .null,
            "criticalPath": .array(criticalPath.map(JSON.string)),
        ]
        object["credits"] = money
        object["settledAt"] = time(view.hasOpenJobs ? nil : view.settledAt ?? view.endedAt)
        object["nodes"] = .array(view.nodes.map { .object(row($0)) })
        return object
    }

    /// What the run costs, holds, may cost and has saved.
    private var money: JSON {
        let budget = view.budget
        return [
            "estimated": view.facts.estimate.map(JSON.int) ?? .null,
            "reserved": .int(budget.reserved.credits(at: credit)), "used": .int(credits),
            "limit": budget.cap.map { .int($0.nano / max(1, credit.nano)) } ?? .null,
            "saved": .int(view.saved.credits(at: credit)), "providerCostUsd": .double(view.cost.dollars),
            "reservedUsd": .double(budget.reserved.dollars),
            "limitUsd": budget.cap.map { .double($0.dollars) } ?? .null,
            "savedUsd": .double(view.saved.dollars),
        ]
    }

    /// The credits of all nodes, each rounded up once.
    var credits: Int64 { view.nodes.reduce(0) { $0 + $1.cost.credits(at: credit) } }

    // MARK: Parts

    private var waiting: JSON {
        guard let waiting = view.waiting else { return .null }
        guard case .object(var object) = json(waiting.wait) else { return .null }
        object["nodeId"] = .string(waiting.node)
        return .object(object)
    }

    private var worker: JSON { view.worker.map { .string($0.description) } ?? .null }

    private func json(_ wait: NodeView.Wait) -> JSON {
        var object: JSONObject = [
            "reason": .string(wait.reason.rawValue), "since": time(wait.since), "until": time(wait.until),
        ]
        if let action = wait.reason.action { object["action"] = .string(action) }
        return .object(object)
    }

    private var parent: JSON {
        guard let parent = view.facts.parent else { return .null }
        return [
            "executionId": .string(parent.execution.description),
            "address": parent.address.isEmpty ? .null : .string(parent.address),
            "runIndexInBatch": parent.item.map { .int(Int64($0)) } ?? .null,
        ]
    }

    private func state(_ node: NodeView) -> JSONObject {
        let media = node.outputs.sorted { $0.key < $1.key }.flatMap(\.value.media)
        let urls = media.prefix(100).map { JSON.string(values.url($0)) }
        var object: JSONObject = [
            "nodeId": .string(node.id), "label": .string(node.label), "status": .string(node.status),
            "error": node.error.map { .string($0.message) } ?? .null, "outputUrl": urls.first ?? .null,
            "outputUrls": .array(Array(urls)), "text": shownText(node), "progress": node.isTerminal ? 1 : 0,
            "requestId": node.attempts.last?.requestID.map(JSON.string) ?? .null,
            "attempt": .int(Int64(node.attempts.count { !$0.isWait })), "cached": .bool(node.isCached),
        ]
        if let reason = node.skipReason { object["skipReason"] = .string(reason) }
        if let wait = node.wait { object["waiting"] = json(wait) }
        if node.isHandled { object["errorHandled"] = true }
        if node.type != node.writtenType { object["resolvedType"] = .string(node.type) }
        if node.attempts.contains(where: \.grant.isSandbox) { object["sandbox"] = true }
        if let fallback = node.fallbackUsed { object["fallbackUsed"] = fallback }
        if let items = node.items { object["items"] = counts(items) }
        if let child = node.child { object["childExecutionId"] = .string(child.description) }
        if let approval = node.approval { object["approvalId"] = .string(approval.description) }
        return object
    }

    /// The numbers of a batch.
    static func counts(_ batch: BatchView) -> JSON {
        [
            "total": .int(Int64(batch.total)), "completed": .int(Int64(batch.completed)),
            "failed": .int(Int64(batch.failed)), "cancelled": .int(Int64(batch.cancelled)),
            "running": .int(Int64(batch.running)), "queued": .int(Int64(batch.queued)),
        ]
    }

    private func shownText(_ node: NodeView) -> JSON {
        guard let text = node.outputs["text"]?.text ?? node.outputs["prompt"]?.text else { return .null }
        let isLong = text.utf8.count > ValueWriter.shownBytes
        return .string(isLong ? String(decoding: text.utf8.prefix(ValueWriter.shownBytes), as: UTF8.self) : text)
    }

    func counts(_ items: NodeView.Items) -> JSON {
        [
            "total": items.total.map { .int(Int64($0)) } ?? .null, "completed": .int(Int64(items.completed)),
            "failed": .int(Int64(items.failed)), "skipped": .int(Int64(items.skipped)),
            "running": .int(Int64(items.running)),
        ]
    }

    private func result(_ node: NodeView) -> JSON? {
        guard node.isTerminal, node.items == nil else { return nil }
        var object: JSONObject = ["nodeId": .string(node.id), "status": .string(node.status)]
        if !node.outputs.isEmpty { object["output"] = values.object(node.outputs) }
        return .object(object)
    }

    var finalOutput: JSON {
        guard view.status == "COMPLETED" else { return .null }
        let nodes = view.results.compactMap { id in view.nodes.first { $0.id == id } }.filter { !$0.outputs.isEmpty }
        let all = nodes.map(\.onlyOutput)
        let media = all.flatMap { $0.media }
        let text = all.lazy.compactMap(\.text).first
        let json = all.lazy.compactMap { value -> JSON? in
            guard case .json(let json) = value, json.string == nil else { return nil }
            return json
        }.first
        let outputs = zip(nodes, all).map { JSONObject.Member(key: $0.id, value: values.json($1)) }
        return [
            "url": media.first.map { .string(values.url($0)) } ?? .null,
            "urls": .array(media.prefix(100).map { .string(values.url($0)) }),
            "text": text.map { values.json(.text($0)) } ?? .null, "json": json ?? .null,
            "outputs": .object(JSONObject(outputs)),
        ]
    }

    func row(_ node: NodeView) -> JSONObject {
        var object = state(node)
        object["nodeType"] = .string(node.writtenType)
        object["resolvedType"] = node.type == node.writtenType ? .null : .string(node.type)
        object["category"] = .string(String(node.type.prefix { $0 != ":" }))
        object["readyAt"] = time(node.readyAt)
        object["startTime"] = time(node.startedAt)
        object["endTime"] = time(node.endedAt)
        object["waitMs"] = both(node.readyAt, node.startedAt)
        object["durationMs"] = both(node.startedAt, node.endedAt)
        object["credits"] = .int(node.cost.credits(at: credit))
        object["providerCostUsd"] = .double(node.cost.dollars)
        let last = node.attempts.last
        object["provider"] = last.map { .string($0.grant.isSandbox ? "sandbox" : $0.grant.provider) } ?? .null
        object["model"] = last?.grant.model.map(JSON.string) ?? .null
        object["output"] = node.outputs.isEmpty ? .null : values.object(node.outputs)
        object["attempts"] = .array(node.attempts.map(attempt))
        if let reuse = node.reuse {
            object["reusedFrom"] = [
                "source": .string(reuse.source.rawValue),
                "executionId": (reuse.execution?.description).map(JSON.string) ?? .null,
                "runs": .int(Int64(node.reused)), "savedUsd": .double(node.saved.dollars),
            ]
        }
        object["fallbackUsed"] = node.fallbackUsed ?? .null
        object["address"] = .string(node.id)
        object["iterationPath"] = [["node": .string(node.id)]]
        object["items"] = node.items.map(counts) ?? .null
        if node.items != nil { object["errors"] = .array(node.itemErrors.map(error)) }
        if !node.turns.isEmpty { object["turns"] = .array(node.turns.map(turn)) }
        if let last = node.candidates.last {
            object["quality"] = ["score": number(last.score), "passed": .bool(last.passed)]
            object["candidates"] = .array(node.candidates.map(candidate))
        }
        object["logs"] = []
        return object
    }

    private func error(_ item: NodeView.ItemError) -> JSON {
        [
            "address": .string(item.address), "error": .string(item.error.message),
            "errorCode": .string(item.error.code), "errorHandled": .bool(item.isHandled),
        ]
    }

    private func turn(_ turn: Turn) -> JSON {
        [
            "turn": .int(Int64(turn.number)), "startTime": time(turn.startedAt), "endTime": time(turn.endedAt),
            "score": number(turn.score), "error": turn.error ?? .null,
        ]
    }

    private func candidate(_ candidate: Candidate) -> JSON {
        [
            "attempt": candidate.attempt == 0 ? .null : .int(Int64(candidate.attempt)),
            "score": number(candidate.score), "passed": .bool(candidate.passed),
            "feedback": candidate.feedback.isEmpty ? .null : .string(candidate.feedback),
            "output": candidate.outputs.isEmpty ? .null : values.object(candidate.outputs),
        ]
    }

    private func number(_ number: Double?) -> JSON { number.map(JSON.double) ?? .null }

    private func attempt(_ attempt: Attempt) -> JSON {
        var error: JSON = .null
        if let failure = attempt.error {
            error = [
                "class": .string(failure.code), "accepted": .string(failure.accepted.rawValue),
                "charged": .string(failure.charged.rawValue), "message": .string(failure.message),
                "retryable": .bool(attempt.nextDelay != nil),
                "httpStatus": failure.httpStatus.map { .int(Int64($0)) } ?? .null,
            ]
        }
        let status =
            switch attempt.state {
            case .intended, .submitted, .ready: "RUNNING"
            case .succeeded: "COMPLETED"
            case .failed: attempt.isWait ? "WAITED" : "FAILED"
            case .unknown: "UNKNOWN"
            case .cancelled: "CANCELLED"
            case .withdrawn: "WITHDRAWN"
            }
        return [
            "attempt": .int(Int64(attempt.number)), "round": .int(Int64(attempt.round)),
            "offer": .string(attempt.grant.offer),
            "provider": .string(attempt.grant.provider), "model": attempt.grant.model.map(JSON.string) ?? .null,
            "sandbox": .bool(attempt.grant.isSandbox), "startTime": time(attempt.startedAt),
            "endTime": time(attempt.endedAt), "status": .string(status), "error": error,
            "jobId": attempt.keep["jobId"] ?? .null, "requestId": attempt.requestID.map(JSON.string) ?? .null,
            "providerCostUsd": .double(attempt.cost.dollars),
            "fallback": .int(Int64(attempt.grant.fallback)), "jobOpen": .bool(attempt.isAbandoned),
            "callbacks": .int(Int64(attempt.callbacks)),
            "lateOutput": attempt.lateOutputs.isEmpty ? .null : values.object(attempt.lateOutputs),
            "nextDelayMs": attempt.nextDelay.map { .int($0.wholeMilliseconds) } ?? .null,
        ]
    }

    /// The nodes whose time made up that of the run: from the last one back over what each waited for longest.
    private var criticalPath: [String] {
        let ended = view.nodes.filter { $0.endedAt != nil && $0.startedAt != nil }
        guard var node = ended.max(by: { ($0.endedAt, $0.id) < ($1.endedAt, $1.id) }) else { return [] }
        var path = [node.id]
        while path.count < ended.count, let ready = node.readyAt,
            let before = ended.filter({ ($0.endedAt ?? ready) <= ready && !path.contains($0.id) }).max(by: {
                ($0.endedAt, $0.id) < ($1.endedAt, $1.id)
            })
        {
            path.append(before.id)
            node = before
        }
        return path.reversed()
    }

    private func time(_ time: Instant?) -> JSON { time.map { .string($0.description) } ?? .null }

    private func milliseconds(_ from: Instant, _ to: Instant) -> JSON { .int(max(0, (to - from).wholeMilliseconds)) }

    private func both(_ from: Instant?, _ to: Instant?) -> JSON {
        guard let from, let to else { return .null }
        return milliseconds(from, to)
    }
}

private func < (left: (Instant?, String), right: (Instant?, String)) -> Bool {
    (left.0?.microseconds ?? 0, left.1) < (right.0?.microseconds ?? 0, right.1)
}
