public import Expressions
import Values

/// The calls a manifest describes.
public enum CallKind: String, Sendable, Hashable, CaseIterable {
    /// Asks for the work.
    case submit
    /// Asks how a job stands.
    case status
    /// Fetches what a job has made.
    case result
    /// Asks for a job's end.
    case cancel
}

/// How a vendor's job stands, in our words.
public enum JobPhase: String, Sendable, Hashable, CaseIterable {
    /// Not begun.
    case queued
    /// Under way.
    case running
    /// Done there; a result call follows.
    case ready
    /// Done, the answer holds the result.
    case succeeded
    /// Come to nothing.
    case failed
    /// Ended by request.
    case cancelled
    /// Its result is gone.
    case expired
}

/// One HTTP call of a manifest, compiled.
public struct CallPlan: Sendable {
    /// The method.
    public let method: String
    /// The address.
    public let url: URLTemplate
    /// The query as an object of texts; empty optionals are dropped.
    public let query: JSONTemplate?
    /// The headers as an object of texts; empty optionals are dropped.
    public let headers: JSONTemplate?
    /// The body, sent as JSON.
    public let body: JSONTemplate?
    /// The statuses of a good answer; any 2xx when empty.
    public let okStatuses: [Int]
    /// What must hold of a good answer besides.
    public let okWhen: Expression?
    /// What is kept of a good answer for later calls.
    public let keep: [(name: String, expression: Expression)]
    /// Where a status answer names the job's phase.
    public let phaseOf: Expression?
    /// What the vendor's words for phases mean.
    public let phases: [String: JobPhase]
    /// The position in the vendor's queue.
    public let queuePosition: Expression?
    /// How far the job is, from 0 to 1.
    public let fraction: Expression?
    /// The longest the call may take.
    public let timeout: Duration?
    /// Whether the credential goes along.
    public let sendsCredential: Bool

    init(_ reader: ManifestReader, kind: CallKind) throws(ManifestError) {
        try reader.allow([
            "method", "url", "urlPlain", "query", "headers", "body", "ok", "okWhen", "keep", "phase", "progress",
            "timeoutMs", "credentials",
        ])
        let roots = kind == .submit ? ManifestScope.submit : ManifestScope.later
        let answer = ManifestScope.answer
        method = try reader.optionalString("method") ?? "GET"
        guard ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(method) else {
            throw reader.error("method", "must be GET, POST, PUT, PATCH or DELETE")
        }
        do {
            url = try URLTemplate(
                parsing: try reader.string("url"),
                plain: try reader.strings("urlPlain"),
                in: ManifestScope.environment(roots)
            )
        } catch let error as ExpressionError {
            throw reader.error("url", error.description)
        } catch let error as ManifestError {
            throw error
        } catch {
            throw reader.error("url", "\(error)")
        }
        query = try reader.optionalTemplate("query", roots)
        headers = try reader.optionalTemplate("headers", roots)
        if let body = try reader.optionalReader("body") {
            try body.allow(["json"])
            self.body = try body.optionalTemplate("json", roots)
        } else {
            body = nil
        }
        okStatuses = reader.value("ok")?.array?.compactMap { $0.integer.map { Int($0) } } ?? []
        okWhen = try reader.optionalExpression("okWhen", answer)
        keep = try reader.namedExpressions("keep", answer)
        if let phase = try reader.optionalReader("phase") {
            try phase.allow(["of", "map"])
            phaseOf = try phase.optionalExpression("of", answer)
            var phases: [String: JobPhase] = [:]
            for member in try phase.optionalReader("map")?.object ?? JSONObject() {
                guard let known = member.value.string.flatMap(JobPhase.init) else {
                    throw phase.error("map.\(member.key)", "must be one of: \(JobPhase.words)")
                }
                phases[member.key] = known
            }
            self.phases = phases
        } else {
            phaseOf = nil
            phases = [:]
        }
        let progress = try reader.optionalReader("progress")
        queuePosition = try progress?.optionalExpression("queuePosition", answer)
        fraction = try progress?.optionalExpression("fraction", answer)
        timeout = try reader.optionalInteger("timeoutMs", 1...86_400_000).map { .milliseconds($0) }
        sendsCredential = reader.value("credentials")?.bool ?? true
    }
}

extension CaseIterable where Self: RawRepresentable, RawValue == String {
    static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
