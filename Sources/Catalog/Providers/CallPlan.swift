public import Expressions
import Values

/// One HTTP call of a manifest, compiled.
public final class CallPlan: Sendable {
    /// What is sent behind the head.
    public enum Body: Sendable {
        /// JSON.
        case json(JSONTemplate)
        /// The parts of `multipart/form-data`; one whose value is an empty optional is dropped.
        case multipart([Part])
        /// The bytes of some media as they are.
        case bytes(Expression)
    }

    /// One part of a multipart body.
    public struct Part: Sendable {
        /// The name of the field.
        public let name: String
        /// The text or the media.
        public let value: JSONTemplate
        /// Whether the value is media, sent as a file.
        public let isFile: Bool

        init(_ reader: ManifestReader, _ roots: Set<String>) throws(ManifestError) {
            try reader.allow(["name", "value", "file"])
            name = try reader.string("name")
            let text = try reader.optionalTemplate("value", roots)
            let file = try reader.optionalTemplate("file", roots)
            guard let value = text ?? file, text == nil || file == nil else {
                throw reader.error(nil, "must have either a value or a file")
            }
            self.value = value
            isFile = text == nil
        }
    }

    /// The method.
    public let method: String
    /// The address.
    public let url: URLTemplate
    /// The query as an object of texts; empty optionals are dropped.
    public let query: JSONTemplate?
    /// The headers as an object of texts; empty optionals are dropped.
    public let headers: JSONTemplate?
    /// The body.
    public let body: Body?
    /// The statuses of a good answer; any 2xx when empty.
    public let okStatuses: [Int]
    /// What must hold of a good answer besides, in place of what the provider says of every call.
    public let okWhen: Expression?
    /// What is kept of a good answer for later calls.
    public let keep: [(name: String, expression: Expression)]
    /// Where the answer names the job's phase.
    public let phase: PhasePlan?
    /// The position in the vendor's queue.
    public let queuePosition: Expression?
    /// How far the job is, from 0 to 1.
    public let fraction: Expression?
    /// The vendor's log, whose last percentage says how far the job is.
    public let log: Expression?
    /// The longest the call may take.
    public let timeout: Duration?
    /// Whether the credential goes along.
    public let sendsCredential: Bool

    init(_ reader: ManifestReader, kind: CallKind, _ facts: EnvelopeFacts) throws(ManifestError) {
        try reader.allow([
            "method", "url", "urlPlain", "query", "headers", "body", "ok", "okWhen", "keep", "phase", "progress",
            "timeoutMs", "credentials",
        ])
        let roots =
            switch kind {
            case .submit: ManifestScope.submit
            default: ManifestScope.later
            }
        let answer = ManifestScope.answer
        method = try reader.optionalString("method") ?? "GET"
        guard ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(method) else {
            throw reader.error("method", "must be GET, POST, PUT, PATCH or DELETE")
        }
        sendsCredential = reader.value("credentials") == nil ? true : try reader.bool("credentials")
        url = try reader.url("url", roots, facts, isCredentialed: sendsCredential)
        query = try reader.optionalObjectTemplate("query", roots)
        headers = try reader.optionalObjectTemplate("headers", roots)
        body = try Self.body(reader, roots)
        okStatuses = try reader.integers("ok", 100...599)
        okWhen = try reader.optionalExpression("okWhen", answer)
        keep = try reader.namedExpressions("keep", answer)
        phase = try PhasePlan(reader, facts.phases)
        let progress = try reader.optionalReader("progress")
        try progress?.allow(["queuePosition", "fraction", "hook", "of"])
        queuePosition = try progress?.optionalExpression("queuePosition", answer)
        fraction = try progress?.optionalExpression("fraction", answer)
        log = try progress?.optionalExpression("of", answer)
        let hook = try progress?.optionalString("hook")
        if hook ?? "percentInLog" != "percentInLog" { throw reader.error("progress.hook", "must be percentInLog") }
        if (hook == nil) != (log == nil) {
            throw reader.error("progress.\(hook == nil ? "hook" : "of")", "is missing: hook and of belong together")
        }
        timeout = try reader.optionalInteger("timeoutMs", 1...86_400_000).map { .milliseconds($0) }
    }

    private static func body(_ reader: ManifestReader, _ roots: Set<String>) throws(ManifestError) -> Body? {
        guard let body = try reader.optionalReader("body") else { return nil }
        try body.allow(["json", "multipart", "bytes"])
        guard body.object.count == 1 else { throw body.error(nil, "must be json, multipart or bytes") }
        if body.value("multipart") != nil {
            var parts: [Part] = []
            for part in try body.readers("multipart") { parts.append(try Part(part, roots)) }
            return .multipart(parts)
        }
        if let bytes = try body.optionalExpression("bytes", roots) { return .bytes(bytes) }
        return try body.optionalTemplate("json", roots).map(Body.json)
    }
}

/// What the parts of an envelope must know of the whole to be checked.
struct EnvelopeFacts {
    /// The phase plans by name.
    var phases: [String: PhasePlan] = [:]
    /// The hosts that may be sent the credential.
    var credentialedHosts: [String] = []
    /// Whether nothing is merged over it any more, so that nothing may be missing.
    var isComplete: Bool
    /// Whether plain HTTP to this machine is allowed.
    var isForDevelopment: Bool
}

extension ManifestReader {
    /// An address: a path, a whole address of an allowed host, or one that an answer named.
    func url(
        _ name: String,
        _ roots: Set<String>,
        _ facts: EnvelopeFacts,
        isCredentialed: Bool
    ) throws(ManifestError) -> URLTemplate {
        let text = facts.isComplete ? try string(name) : try optionalString(name) ?? "/"
        if text.hasPrefix("http") {
            guard let host = HostName.named(in: text, isForDevelopment: facts.isForDevelopment) else {
                throw error(name, "must begin with https:// and a host")
            }
            let isListed = facts.credentialedHosts.contains { HostName.matches(host, $0) }
            guard isListed || !isCredentialed || !facts.isComplete else {
                throw error(name, "leads to \(host), which is not among hosts.credentialed")
            }
        } else if !text.hasPrefix("/") && !text.hasPrefix("${") || text.hasPrefix("//") {
            throw error(name, "must begin with / or https://, or be a value such as ${keep.statusUrl}")
        }
        let plain = try strings("urlPlain")
        let template: URLTemplate
        do {
            template = try URLTemplate(parsing: text, plain: plain, in: ManifestScope.environment(roots))
        } catch {
            throw self.error(name, error.summary)
        }
        try check(template.references, of: text, at: name)
        return template
    }
}
