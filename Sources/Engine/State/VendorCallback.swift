public import Values

/// What a vendor has told by calling us.
public struct VendorCallback: Sendable, Hashable {
    /// The most calls about one attempt that are taken notice of.
    public static let limit = 16

    /// What it says that later calls need; `jobId` is the vendor's job.
    public var keep: JSON
    /// How it says that the job stands; a word of media manifests §3.4.
    public var phase: String?
    /// The body, when its sender is proved and its content counts; else it is only a hint.
    public var body: JSON?

    /// A call that said so.
    public init(keep: JSON, phase: String?, body: JSON?) {
        self.keep = keep
        self.phase = phase
        self.body = body
    }

    /// The call as our records keep it.
    public var record: JSON {
        var object: JSONObject = ["keep": keep]
        if let phase { object["phase"] = .string(phase) }
        if let body { object["body"] = body }
        return .object(object)
    }

    /// Reads what ``record`` writes; `nil` for anything else.
    public init?(record: JSON?) {
        guard let record, let keep = record["keep"] else { return nil }
        self.init(keep: keep, phase: record["phase"]?.string, body: record["body"])
    }
}
