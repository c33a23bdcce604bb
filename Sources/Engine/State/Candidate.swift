public import Values

/// A result that a quality gate has judged.
public struct Candidate: Sendable, Hashable {
    /// The attempt it is of; 0 when it is no single attempt's.
    public var attempt: Int
    /// The outputs, kept of what did not pass.
    public var outputs: [String: Value]
    /// The number by which it is compared with others.
    public var score: Double?
    /// Whether it is good enough.
    public var passed: Bool
    /// What the next candidate is told of it; empty when it passed.
    public var feedback: String

    var record: JSON {
        var object: JSONObject = ["a": .int(Int64(attempt)), "passed": .bool(passed)]
        if !outputs.isEmpty { object["outputs"] = .sorted(outputs.mapValues(\.record)) }
        if let score { object["score"] = .double(score) }
        if !feedback.isEmpty { object["feedback"] = .string(feedback) }
        return .object(object)
    }

    init(attempt: Int, outputs: [String: Value], score: Double?, passed: Bool, feedback: String) {
        self.attempt = attempt
        self.outputs = outputs
        self.score = score
        self.passed = passed
        self.feedback = feedback
    }

    init?(record: JSON) {
        guard let attempt = record["a"]?.integer, let passed = record["passed"]?.bool else { return nil }
        var outputs: [String: Value] = [:]
        for member in record["outputs"]?.object ?? JSONObject() { outputs[member.key] = Value(record: member.value) }
        self.init(
            attempt: Int(attempt),
            outputs: outputs,
            score: record["score"]?.number,
            passed: passed,
            feedback: record["feedback"]?.string ?? ""
        )
    }
}

extension [Candidate] {
    /// The one with the highest score, the first of equal ones; the last where none has a score.
    var best: Candidate? {
        let highest = lazy.compactMap(\.score).max()
        return highest.flatMap { highest in first { $0.score == highest } } ?? last
    }

    /// Whether the last one is better than all before it; also when that cannot be said.
    var hasGained: Bool {
        guard let score = last?.score, let before = dropLast().lazy.compactMap(\.score).max() else { return true }
        return score > before
    }
}
