public import Values
import Workflows

/// One turn of a loop, or one try of a try.
public struct Turn: Sendable, Hashable {
    /// Its number, from 1.
    public let number: Int
    /// What it works on; `nil` when nothing was given.
    public internal(set) var value: Value?
    /// When it began.
    public let startedAt: Instant
    /// When all node runs of it were terminal.
    public var endedAt: Instant?
    /// The number by which it is compared with others.
    public var score: Double?
    /// What failed in it, of a try.
    public var error: JSON?

    init(number: Int, value: Value?, startedAt: Instant) {
        self.number = number
        self.value = value
        self.startedAt = startedAt
    }

    /// What the nodes inside see of it.
    subscript(port: String) -> Value? {
        switch port {
        case "value": value
        case "turn": .json(.int(Int64(number)))
        default: nil
        }
    }

    var record: JSON {
        var object: JSONObject = ["n": .int(Int64(number)), "startedAt": .int(startedAt.microseconds)]
        if let endedAt { object["endedAt"] = .int(endedAt.microseconds) }
        if let score { object["score"] = .double(score) }
        if let error { object["error"] = error }
        return .object(object)
    }

    init?(record: JSON) {
        guard let number = record["n"]?.integer, let startedAt = record["startedAt"]?.integer else { return nil }
        self.init(number: Int(number), value: nil, startedAt: Instant(microseconds: startedAt))
        endedAt = record["endedAt"]?.integer.map(Instant.init(microseconds:))
        score = record["score"]?.number
        error = record["error"]
    }
}
