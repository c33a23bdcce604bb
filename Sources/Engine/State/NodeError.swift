public import Catalog
public import Values

/// Why a node, or one attempt of it, failed.
public struct NodeError: Error, Sendable, Hashable {
    /// The stable word: a failure class, or an error code of contract §6.7.
    public var code: String
    /// What happened and what to do, for people.
    public var message: String
    /// Whether the vendor took the job.
    public var accepted: Certainty = .no
    /// Whether the vendor charged for it.
    public var charged: Certainty = .no
    /// The HTTP status of the vendor's answer.
    public var httpStatus: Int?
    /// The vendor's identifier of the request.
    public var requestID: String?
    /// How long the vendor asks to wait.
    public var retryAfter: Duration?
    /// Whether the vendor may go on with the job all the same.
    public var isJobOpen = false
    /// Whether the vendor is down for everybody, so that the call is made again when it is back.
    public var isVendorDown = false

    /// The word for a credential that is gone: what needs it waits until there is one.
    public static let credentialMissing = WaitReason.credentialMissing.rawValue

    /// An error of a node's own.
    public init(_ code: String, _ message: String, accepted: Certainty = .no) {
        self.code = code
        self.message = message
        self.accepted = accepted
    }

    /// A failure of an attempt.
    public init(
        _ failure: FailureClass,
        _ message: String,
        accepted: Certainty = .no,
        charged: Certainty = .no,
        httpStatus: Int? = nil,
        requestID: String? = nil,
        retryAfter: Duration? = nil
    ) {
        code = failure.rawValue
        self.message = message
        self.accepted = accepted
        self.charged = charged
        self.httpStatus = httpStatus
        self.requestID = requestID
        self.retryAfter = retryAfter
    }

    /// The failure class, or `nil` for an error of the node's own.
    public var failure: FailureClass? { FailureClass(rawValue: code) }

    /// The error as our records keep it.
    public var record: JSON {
        var object: JSONObject = ["code": .string(code), "message": .string(message)]
        if accepted != .no { object["accepted"] = .string(accepted.rawValue) }
        if charged != .no { object["charged"] = .string(charged.rawValue) }
        if let httpStatus { object["httpStatus"] = .int(Int64(httpStatus)) }
        if let requestID { object["requestId"] = .string(requestID) }
        if let retryAfter { object["retryAfterMs"] = .int(retryAfter.wholeMilliseconds) }
        if isJobOpen { object["open"] = .bool(true) }
        if isVendorDown { object["down"] = .bool(true) }
        return .object(object)
    }

    /// Reads what ``record`` writes; `nil` for anything else.
    public init?(record: JSON?) {
        guard let record, let code = record["code"]?.string, let message = record["message"]?.string else { return nil }
        self.code = code
        self.message = message
        accepted = record["accepted"]?.string.flatMap(Certainty.init) ?? .no
        charged = record["charged"]?.string.flatMap(Certainty.init) ?? .no
        httpStatus = record["httpStatus"]?.integer.map { Int($0) }
        requestID = record["requestId"]?.string
        retryAfter = record["retryAfterMs"]?.integer.map { .milliseconds($0) }
        isJobOpen = record["open"]?.bool ?? false
        isVendorDown = record["down"]?.bool ?? false
    }
}
