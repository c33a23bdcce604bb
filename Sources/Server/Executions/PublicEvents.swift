import Catalog
import Engine
import Values
import Workflows

/// What clients are told about the events of a journal (contract §7.5).
///
/// The run is followed event by event, so that what changes for the run as a whole can be told too.
struct PublicEvents {
    private(set) var run: Run
    let writer: (RunView) -> RunWriter

    /// One public event.
    struct Entry {
        let name: String
        var data: JSONObject
    }

    /// What an event of the journal is to clients; its number is ``Run/lastEvent`` afterwards.
    mutating func take(_ event: Event) -> [Entry] {
        let before = run.lastEvent == 0 ? nil : run.phase
        run.apply(event)
        var entries: [Entry] = []
        func add(_ name: String, _ data: JSONObject = JSONObject()) { entries.append(Entry(name: name, data: data)) }
        if case .accepted = event { add("execution.queued") }
        if case .restarted(let round, _) = event { add("execution.started", ["round": .int(Int64(round))]) }
        switch (before, run.phase) {
        case ("queued", let phase) where phase != "queued" && run.end == nil: add("execution.started")
        case (let old?, "paused") where old != "paused": add("execution.paused")
        case ("paused", let phase) where phase != "paused" && run.end == nil: add("execution.resumed")
        case (let old?, "cancelling") where old != "cancelling": add("execution.cancelling")
        case (let old?, "waiting") where old != "waiting": add("execution.waiting")
        default: break
        }
        addNode(event, add)
        if case .ended(let end) = event {
            var data: JSONObject = ["phase": .string(end.phase.rawValue)]
            if let error = end.error {
                data["error"] = .string(error.message)
                data["errorCode"] = .string(error.code)
            }
            if let node = end.failedNode { data["failedNodeId"] = .string(node) }
            add("execution.\(end.phase.status.lowercased())", data)
        }
        return entries.map { entry in
            var entry = entry
            entry.data["at"] = .string(event.time.description)
            entry.data["executionId"] = .string(run.facts.execution.description)
            return entry
        }
    }

    private func addNode(_ event: Event, _ add: (String, JSONObject) -> Void) {
        func data(_ address: Address, _ attempt: Int? = nil) -> JSONObject {
            var object: JSONObject = ["nodeId": .string(run.plan.nodes[address.node].id)]
            if !address.index.isEmpty {
                object["address"] = .string(address.text(in: run.plan))
                object["iterationPath"] = address.path(in: run.plan)
            }
            if let attempt { object["attempt"] = .int(Int64(attempt)) }
            return object
        }
        switch event {
        case .intended(let address, let attempt, let grant, _, _):
            var object = data(address, attempt)
            object["provider"] = .string(grant.isSandbox ? "sandbox" : grant.provider)
            object["model"] = grant.model.map(JSON.string) ?? .null
            if grant.fallback > 0 {
                object["fallbackUsed"] = ["index": .int(Int64(grant.fallback)), "model": object["model"] ?? .null]
            }
            add("node.started", object)
        case .waiting(let address, let reason, _, let since, let until):
            var object = data(address)
            object["reason"] = .string(reason.rawValue)
            object["since"] = .string(since.description)
            object["until"] = until.map { .string($0.description) } ?? .null
            add("node.waiting", object)
        case .attemptFailed(let address, let attempt, let error, _, let next, let at):
            var object = data(address, attempt)
            object["error"] = .string(error.message)
            object["class"] = .string(error.code)
            switch next {
            case .retry(let time, let offer):
                let ways = run.plan.nodes[address.node].ways
                let last = run.nodeRun(address)?.attempts.last?.grant
                let isOther =
                    ways.indices.contains(offer)
                    && last.map { $0.way.map { $0 != offer } ?? ($0.offer != ways[offer].offer.id) } ?? false
                object["nextDelayMs"] = .int((time - at).wholeMilliseconds)
                add(isOther ? "node.fallback" : "node.retrying", object)
            case .wait(let time):
                object["reason"] = error.isVendorDown ? "circuit_open" : "rate_limit"
                object["until"] = .string(time.description)
                add("node.waiting", object)
            case .ask:
                object["reason"] = "unknown_outcome"
                add("node.waiting", object)
            case .fail: break
            }
        case .completed(let address, let attempt, let outputs, let cost, _, _):
            var object = data(address, attempt)
            if let node = run.nodeRun(address), let start = node.startedAt, let end = node.endedAt {
                object["durationMs"] = .int((end - start).wholeMilliseconds)
            }
            let writer = writer(run.view)
            object["credits"] = .int(cost.credits(at: writer.credit))
            let media = outputs.sorted { $0.key < $1.key }.flatMap(\.value.media)
            object["outputUrl"] = media.first.map { .string(writer.values.url($0)) } ?? .null
            if let text = outputs["text"]?.text { object["text"] = writer.values.json(.text(text)) }
            add("node.completed", object)
        case .reused(let address, _, let reuse, _):
            var object = data(address)
            object["cached"] = true
            object["source"] = .string(reuse.source.rawValue)
            object["credits"] = 0
            add("node.completed", object)
        case .failed(let address, let error, let isHandled, _):
            var object = data(address)
            object["error"] = .string(error.message)
            object["errorCode"] = .string(error.code)
            object["errorHandled"] = .bool(isHandled)
            add("node.failed", object)
        case .skipped(let address, let reason, _):
            var object = data(address)
            object["skipReason"] = .string(reason.rawValue)
            add("node.skipped", object)
        case .settled(let address, let attempt, let cost, let outputs, _):
            var object = data(address, attempt)
            let writer = writer(run.view)
            object["credits"] = .int(cost.credits(at: writer.credit))
            object["output"] = outputs.isEmpty ? .null : writer.values.object(outputs)
            add("node.settled", object)
        case .withdrawn(let address, let attempt, let next, _):
            var object = data(address, attempt)
            object["reason"] = "slot"
            object["until"] = .string(next.description)
            add("node.waiting", object)
        case .outside(let event): addOutside(event, data, add)
        case .judged(let address, let attempt, let candidate, _, _, _) where !candidate.passed:
            var object = data(address, attempt)
            object["score"] = candidate.score.map(JSON.double) ?? .null
            object["feedback"] = .string(candidate.feedback)
            add("node.retrying", object)
        case .regenerating(let address, let candidate, _):
            var object = data(address)
            object["score"] = candidate.score.map(JSON.double) ?? .null
            object["feedback"] = .string(candidate.feedback)
            add("node.retrying", object)
        case .turnStarted(let address, let turn, _, _):
            var object = data(address)
            object["turn"] = .int(Int64(turn))
            add("node.started", object)
        case .accepted, .submitted, .ready, .calledBack, .judged, .turnEnded, .restarted, .cancelRequested, .paused,
            .resumed, .capChanged,
            .ended:
            break
        }
    }
}

extension PublicEvents {
    private func addOutside(
        _ event: OutsideEvent,
        _ data: (Address, Int?) -> JSONObject,
        _ add: (String, JSONObject) -> Void
    ) {
        switch event {
        case .asked(let address, let request, _):
            var object = data(address, nil)
            object["approvalId"] = .string(request.id.description)
            object["title"] = .string(request.title)
            object["expiresAt"] = request.expiresAt.map { .string($0.description) } ?? .null
            add("approval.requested", object)
        case .decided(let address, let id, let end, let by, _):
            var object = data(address, nil)
            object["approvalId"] = .string(id.description)
            object["decision"] = .string(end.rawValue)
            object["decidedBy"] = by.map(JSON.string) ?? .null
            add("approval.decided", object)
        case .childWanted(let address, let order, _):
            var object = data(address, nil)
            object["childExecutionId"] = .string(order.id.description)
            add("node.started", object)
        case .itemsEnded(let ends, _):
            for end in ends {
                add(
                    "batch.item",
                    [
                        "childExecutionId": .string(end.id.description),
                        "runIndexInBatch": end.item.map { .int(Int64($0)) } ?? .null, "status": .string(end.status),
                        "error": end.error.map { .string($0.message) } ?? .null,
                    ]
                )
            }
        case .received, .childEnded, .itemsStarted, .told: break
        }
    }
}
