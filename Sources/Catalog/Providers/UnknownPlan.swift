public import Expressions

/// How the truth is found out when nobody knows whether a vendor took a job (media manifests §3.3).
public struct UnknownPlan: Sendable {
    /// Our key by which the vendor knows a request it has seen before.
    public struct Key: Sendable {
        /// The header that carries it.
        public let header: String
        /// The key.
        public let value: JSONTemplate
        /// How long the vendor remembers it.
        public let validity: Duration
    }

    /// A question about a job by the name that we gave it.
    public struct Lookup: Sendable {
        /// The call.
        public let call: CallPlan
        /// The pause before each question.
        public let pause: Duration
        /// How often the question is asked.
        public let tries: Int
        /// When the answer says that the vendor has the job.
        public let found: Expression
        /// When the answer says that the vendor does not have it.
        public let absent: Expression?
        /// Whether "does not have it" proves that the vendor did not take it.
        public let trustsAbsence: Bool
    }

    /// Our key, when the vendor takes one.
    public let key: Key?
    /// The question, when there is one.
    public let lookup: Lookup?
    /// How long a callback is awaited.
    public let callbackGrace: Duration?

    init(_ reader: ManifestReader?, _ facts: EnvelopeFacts) throws(ManifestError) {
        try reader?.allow(["key", "lookup", "callback"])
        key = try reader?.optionalReader("key").map { key throws(ManifestError) in
            try key.allow(["header", "value", "validMs"])
            return Key(
                header: try key.string("header"),
                value: try key.textTemplate("value", ["run"]),
                validity: .milliseconds(try key.integer("validMs", 1...31_536_000_000))
            )
        }
        lookup = try reader?.optionalReader("lookup").map { lookup throws(ManifestError) in
            try Self.lookup(lookup, facts)
        }
        let callback = try reader?.optionalReader("callback")
        try callback?.allow(["graceMs"])
        callbackGrace = try callback?.integer("graceMs", 0...86_400_000).milliseconds
    }

    private static func lookup(_ reader: ManifestReader, _ facts: EnvelopeFacts) throws(ManifestError) -> Lookup {
        let own: Set<String> = ["afterMs", "tries", "found", "absent", "trustAbsent"]
        try reader.allow(own.union(["method", "url", "urlPlain", "query", "headers", "keep"]))
        let call = try reader.without(own)
        guard (try reader.optionalString("method") ?? "GET") == "GET" else {
            throw reader.error("method", "must be GET")
        }
        let answer = ManifestScope.answer
        return Lookup(
            call: try CallPlan(call, kind: .status, facts),
            pause: .milliseconds(try reader.optionalInteger("afterMs", 0...3_600_000) ?? 3000),
            tries: Int(try reader.optionalInteger("tries", 1...20) ?? 3),
            found: try reader.expression(try reader.string("found"), at: "found", answer),
            absent: try reader.optionalExpression("absent", answer),
            trustsAbsence: try reader.bool("trustAbsent")
        )
    }
}

extension Int64 {
    var milliseconds: Duration { .milliseconds(self) }
}
