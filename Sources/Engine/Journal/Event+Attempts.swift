import Values
import Workflows

extension Event {
    /// The members of events that only say something of an attempt.
    func attemptObject(_ make: (String, Address?, Instant) -> JSONObject) -> JSONObject {
        var object: JSONObject
        switch self {
        case .withdrawn(let address, let attempt, let next, let at):
            object = make("withdrawn", address, at)
            object.append(new: "a", .int(Int64(attempt)))
            object.append(new: "next", .int(next.microseconds))
        case .calledBack(let address, let attempt, let callback, let at):
            object = make("calledBack", address, at)
            object.append(new: "a", .int(Int64(attempt)))
            object.append(new: "callback", callback.record)
        case .settled(let address, let attempt, let cost, let outputs, let at):
            object = make("settled", address, at)
            object.append(new: "a", .int(Int64(attempt)))
            object.append(new: "cost", .int(cost.nano))
            if !outputs.isEmpty { object.append(new: "outputs", .sorted(outputs.mapValues(\.record))) }
        default: object = JSONObject()
        }
        return object
    }

    /// Reads what ``attemptObject(_:)`` writes; `nil` when something is missing.
    init?(_ kind: String, _ address: Address, attempt: Int, _ json: JSON, at: Instant) {
        switch kind {
        case "withdrawn":
            guard let next = json["next"]?.integer else { return nil }
            self = .withdrawn(address, attempt: attempt, next: Instant(microseconds: next), at: at)
        case "calledBack":
            guard let callback = VendorCallback(record: json["callback"]) else { return nil }
            self = .calledBack(address, attempt: attempt, callback, at: at)
        case "settled":
            var outputs: [String: Value] = [:]
            for member in json["outputs"]?.object ?? JSONObject() { outputs[member.key] = Value(record: member.value) }
            self = .settled(
                address,
                attempt: attempt,
                cost: Money(nano: json["cost"]?.integer ?? 0),
                outputs: outputs,
                at: at
            )
        default: return nil
        }
    }
}
