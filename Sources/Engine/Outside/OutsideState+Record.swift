import Values
import Workflows

extension OutsideState {
    /// The state as a snapshot keeps it; alarms follow from the nodes that wait.
    func record(in plan: Plan) -> JSON {
        func list<Value>(_ members: [Address: Value], _ record: (Value) -> JSON) -> JSON {
            let pairs = members.map { (key: $0.key.text(in: plan), value: record($0.value)) }
            return .array(pairs.sorted { $0.key < $1.key }.map { .array([.string($0.key), $0.value]) })
        }
        var object: JSONObject = [:]
        if !mail.isEmpty { object["mail"] = list(mail) { $0 } }
        if !approvals.isEmpty { object["approvals"] = list(approvals, \.record) }
        if !children.isEmpty {
            object["children"] = list(children) { order in
                var record: JSONObject = [
                    "id": .string(order.id.description), "workflow": .string(order.workflow), "inputs": order.inputs,
                ]
                if let version = order.version { record["version"] = .string(version) }
                return .object(record)
            }
        }
        if !wishes.isEmpty { object["wishes"] = list(wishes) { .int(Int64($0)) } }
        if let batch {
            object["batch"] = [
                "started": .int(Int64(batch.started)), "completed": .int(Int64(batch.completed)),
                "failed": .int(Int64(batch.failed)), "cancelled": .int(Int64(batch.cancelled)),
                "cost": .int(batch.cost.nano), "open": .array(batch.open.sorted().map { .int(Int64($0)) }),
            ]
        }
        return .object(object)
    }

    /// Takes over what ``record(in:)`` gives.
    mutating func restore(_ record: JSON?, in plan: Plan) {
        func each(_ name: String, _ body: (Address, JSON) -> Void) {
            for pair in record?[name]?.array ?? [] {
                guard let address = pair[0]?.string.flatMap({ Address($0, in: plan) }), let value = pair[1] else {
                    continue
                }
                body(address, value)
            }
        }
        each("mail") { mail[$0] = $1 }
        each("approvals") { approvals[$0] = ApprovalRequest(record: $1) }
        each("children") { address, order in
            guard let id = order["id"]?.string.flatMap(ExecutionID.init), let workflow = order["workflow"]?.string
            else { return }
            children[address] = ChildOrder(
                id: id,
                workflow: workflow,
                version: order["version"]?.string,
                inputs: order["inputs"] ?? [:]
            )
        }
        each("wishes") { wishes[$0] = $1.integer.map { Int($0) } }
        guard let counts = record?["batch"] else { return }
        func count(_ name: String) -> Int { Int(counts[name]?.integer ?? 0) }
        batch?.started = count("started")
        batch?.completed = count("completed")
        batch?.failed = count("failed")
        batch?.cancelled = count("cancelled")
        batch?.cost = Money(nano: counts["cost"]?.integer ?? 0)
        batch?.open = Set(counts["open"]?.array?.compactMap { $0.integer.map { Int($0) } } ?? [])
    }
}
