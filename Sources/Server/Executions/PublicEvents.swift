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
            if !address.index.isEmpty { object["address"] = .string(address.text(in: run.plan)) }
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
        case .accepted, .submitted, .ready, .calledBack, .cancelRequested, .paused, .resumed, .ended: break
        }
    }
}

extension Event {
    /// When it happened.
    var time: Instant {
        switch self {
        case .accepted(let facts): facts.createdAt
        case .waiting(_, _, _, let at, _), .intended(_, _, _, _, let at), .submitted(_, _, _, let at),
            .ready(_, _, _, let at), .attemptFailed(_, _, _, _, _, let at), .completed(_, _, _, _, _, let at),
            .failed(_, _, _, let at), .skipped(_, _, let at), .cancelRequested(_, let at), .paused(let at),
            .resumed(let at), .withdrawn(_, _, _, let at), .calledBack(_, _, _, let at), .settled(_, _, _, _, let at):
            at
        case .ended(let end): end.at
        }
    }
}
