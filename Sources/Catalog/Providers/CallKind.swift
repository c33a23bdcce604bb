public import Expressions
import Values

/// What a vendor's answer is an answer to.
public enum CallKind: String, Sendable, Hashable, CaseIterable {
    /// Asks for the work.
    case submit
    /// Asks how a job stands.
    case status
    /// Fetches what a job has made.
    case result
    /// Asks for a job's end.
    case cancel
    /// Hands media over before the work is asked for.
    case upload
    /// One event of an answer that comes in pieces.
    case stream
    /// What the vendor tells by calling us.
    case callback

    /// The calls that a manifest describes by name.
    public static let described: [CallKind] = [.submit, .status, .result, .cancel]
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

/// Where an answer names a job's phase, and what the vendor's words mean.
public struct PhasePlan: Sendable {
    /// The vendor's word.
    public let word: Expression
    /// What the words mean; one that is missing counts as running.
    public let meanings: [String: JobPhase]

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["of", "map"])
        word = try reader.expression(try reader.string("of"), at: "of", ManifestScope.answer)
        guard let map = try reader.optionalReader("map") else { throw reader.error("map", "is missing") }
        var meanings: [String: JobPhase] = [:]
        for member in map.object { meanings[member.key] = try map.optionalWord(member.key) }
        self.meanings = meanings
    }

    /// A member that holds the plan, or the name of one of `phases`.
    init?(_ reader: ManifestReader, _ phases: [String: PhasePlan]) throws(ManifestError) {
        guard let name = reader.value("phase")?.string else {
            guard let own = try reader.optionalReader("phase") else { return nil }
            try self.init(own)
            return
        }
        guard let named = phases[name] else {
            throw reader.error("phase", "names \(name), which is not among the phases of this provider")
        }
        self = named
    }
}

extension CaseIterable where Self: RawRepresentable, RawValue == String {
    static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
