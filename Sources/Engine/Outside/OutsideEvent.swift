public import Values
import Catalog
import Workflows

/// What happens between a run and people, data and children outside it.
public enum OutsideEvent: Sendable, Hashable {
    /// Somebody is asked to decide.
    case asked(Address, ApprovalRequest, at: Instant)
    /// An approval has ended.
    case decided(Address, ApprovalID, ApprovalEnd, by: String?, at: Instant)
    /// Data has come for a node that does not wait for it yet.
    case received(Address, JSON, at: Instant)
    /// A node run wants a sub-workflow.
    case childWanted(Address, ChildOrder, at: Instant)
    /// The sub-workflow of a node run has ended.
    case childEnded(Address, ChildEnd, at: Instant)
    /// Items of a batch are started: those from the first up to, and without, the second.
    case itemsStarted(Int, Int, at: Instant)
    /// Items of a batch have ended.
    case itemsEnded([ChildEnd], at: Instant)
    /// Children are told to `cancel`, `pause` or `resume`.
    case told(String, [ExecutionID], at: Instant)

    /// When it happened.
    public var time: Instant {
        switch self {
        case .asked(_, _, let at), .decided(_, _, _, _, let at), .received(_, _, let at), .childWanted(_, _, let at),
            .childEnded(_, _, let at), .itemsStarted(_, _, let at), .itemsEnded(_, let at), .told(_, _, let at):
            at
        }
    }

    func object(in plan: Plan) -> JSONObject {
        func make(_ kind: String, _ address: Address? = nil) -> JSONObject {
            var object: JSONObject = ["k": .string(kind)]
            if let address { object.append(new: "n", .string(address.text(in: plan))) }
            object.append(new: "t", .int(time.microseconds))
            return object
        }
        var object: JSONObject
        switch self {
        case .asked(let address, let request, _):
            object = make("approvalAsked", address)
            object.append(new: "request", request.record)
        case .decided(let address, let id, let end, let by, _):
            object = make("approvalDecided", address)
            object.append(new: "id", .string(id.description))
            object.append(new: "end", .string(end.rawValue))
            if let by { object.append(new: "by", .string(by)) }
        case .received(let address, let data, _):
            object = make("dataReceived", address)
            object.append(new: "data", data)
        case .childWanted(let address, let order, _):
            object = make("childWanted", address)
            object.append(new: "child", .string(order.id.description))
            object.append(new: "workflow", .string(order.workflow))
            if let version = order.version { object.append(new: "version", .string(version)) }
            object.append(new: "inputs", order.inputs)
        case .childEnded(let address, let end, _):
            object = make("childEnded", address)
            object.append(new: "end", end.record)
        case .itemsStarted(let first, let next, _):
            object = make("itemsStarted")
            object.append(new: "from", .int(Int64(first)))
            object.append(new: "to", .int(Int64(next)))
        case .itemsEnded(let ends, _):
            object = make("itemsEnded")
            object.append(new: "ends", .array(ends.map(\.record)))
        case .told(let word, let children, _):
            object = make("childrenTold")
            object.append(new: "word", .string(word))
            object.append(new: "children", .array(children.map { .string($0.description) }))
        }
        return object
    }

    /// Reads an event; `nil` when its kind is not one of these.
    init?(_ json: JSON, kind: String, in plan: Plan) throws(JournalError) {
        func need<Value>(_ value: Value?, _ what: String) throws(JournalError) -> Value {
            guard let value else { throw JournalError(reason: "an event \(kind) lacks \(what)") }
            return value
        }
        func address() throws(JournalError) -> Address {
            try need(json["n"]?.string.flatMap { Address($0, in: plan) }, "a node of the plan")
        }
        func time() throws(JournalError) -> Instant { Instant(microseconds: try need(json["t"]?.integer, "its time")) }
        func place(_ name: String) throws(JournalError) -> Int { Int(try need(json[name]?.integer, name)) }
        switch kind {
        case "approvalAsked":
            self = .asked(
                try address(),
                try need(ApprovalRequest(record: json["request"]), "its request"),
                at: try time()
            )
        case "approvalDecided":
            self = .decided(
                try address(),
                try need(json["id"]?.string.flatMap(ApprovalID.init), "its approval"),
                try need(json["end"]?.string.flatMap(ApprovalEnd.init), "its end"),
                by: json["by"]?.string,
                at: try time()
            )
        case "dataReceived": self = .received(try address(), json["data"] ?? .null, at: try time())
        case "childWanted":
            self = .childWanted(
                try address(),
                ChildOrder(
                    id: try need(json["child"]?.string.flatMap(ExecutionID.init), "its child"),
                    workflow: try need(json["workflow"]?.string, "its workflow"),
                    version: json["version"]?.string,
                    inputs: json["inputs"] ?? [:]
                ),
                at: try time()
            )
        case "childEnded":
            let end = try need(json["end"].flatMap(ChildEnd.init(record:)), "its end")
            self = .childEnded(try address(), end, at: try time())
        case "itemsStarted": self = .itemsStarted(try place("from"), try place("to"), at: try time())
        case "itemsEnded":
            self = .itemsEnded((json["ends"]?.array ?? []).compactMap(ChildEnd.init(record:)), at: try time())
        case "childrenTold":
            self = .told(
                try need(json["word"]?.string, "its word"),
                (json["children"]?.array ?? []).compactMap { $0.string.flatMap(ExecutionID.init) },
                at: try time()
            )
        default: return nil
        }
    }
}

extension Run {
    mutating func apply(_ event: OutsideEvent) {
        switch event {
        case .asked(let address, let request, _): outside.approvals[address] = request
        case .decided(let address, _, _, _, _): outside.approvals[address] = nil
        case .received(let address, let data, _): outside.mail[address] = data
        case .childWanted(let address, let order, let at):
            outside.children[address] = order
            outside.wishes[address, default: 0] += 1
            var run = nodeRun(address) ?? NodeRun(state: .running, readyAt: at)
            run.child = order.id
            nodes[address.node][address.index] = run
        case .childEnded(let address, let end, _):
            outside.children[address] = nil
            guard var run = nodeRun(address) else { return }
            run.childCost = run.childCost + end.cost
            nodes[address.node][address.index] = run
        case .itemsStarted(let first, let next, let at):
            outside.batch?.open.formUnion(first..<next)
            outside.batch?.started = next
            if startedAt == nil { startedAt = at }
        case .itemsEnded(let ends, _):
            for end in ends { outside.batch?.take(end) }
        case .told: break
        }
    }

    /// Notes that a node waits for something outside, and when to look at it again.
    mutating func applyOutsideWait(_ address: Address, _ reason: WaitReason, since: Instant, until: Instant?) {
        outside.alarms[address] = until.map { reason == .approval ? $0 + OutsideState.approvalGrace : $0 }
        if startedAt == nil { startedAt = since }
        guard var run = nodeRun(address), run.startedAt == nil else { return }
        run.startedAt = since
        nodes[address.node][address.index] = run
    }

    /// Whether a node is done by a workflow of its own.
    func isChildNode(_ node: Int) -> Bool { plan.nodes[node].type.id == WaitNode.child.rawValue }
}

extension BatchState {
    fileprivate mutating func take(_ end: ChildEnd) {
        guard let item = end.item, open.remove(item) != nil else { return }
        cost = cost + end.cost
        switch end.status {
        case "COMPLETED": completed += 1
        case "CANCELLED": cancelled += 1
        default: failed += 1
        }
    }
}
