import Catalog
import Engine
import Expressions
import Values

/// A secret inside a template: it can be sent to its own host and nothing else can be done with it.
struct SecretValue: HostValue {
    let text: String
    var typeName: String { "secret" }
    var isOpaque: Bool { true }
}

/// Media inside a request in the form in which it is handed over.
struct HandedMedia: HostValue {
    let reference: MediaReference
    let form: MediaPlan.Form
    var typeName: String { "media" }
    var isOpaque: Bool { true }
}

/// The bytes of an answer that is no JSON.
struct AnswerBytes: HostValue {
    let bytes: [UInt8]
    var typeName: String { "bytes" }
    var isOpaque: Bool { true }
}

/// What the expressions of a manifest can name (media manifests §3.2); a root that is not set does not exist.
struct VendorScope: Scope {
    var roots: [String: CELValue] = [:]

    func value(ofRoot name: String) -> CELValue? { roots[name] }

    mutating func set(_ name: String, _ value: CELValue) { roots[name] = value }

    /// The scope with one more name, for the elements of lists.
    func with(_ name: String, _ value: CELValue) -> VendorScope {
        var scope = self
        scope.roots[name] = value
        return scope
    }
}

extension CELValue {
    /// A map of values by name, sorted.
    static func members(_ values: [String: CELValue]) -> CELValue {
        .map(CELMap(values.sorted { $0.key < $1.key }.map { CELMap.Member(key: $0.key, value: $0.value) }))
    }
}

extension VendorScope {
    /// What is known before anything is sent.
    static func request(
        _ prepared: Prepared,
        _ plan: OfferPlan,
        key: String,
        deadlineMs: Int64,
        wantsStream: Bool = false,
        webhook: String? = nil
    ) -> VendorScope {
        var scope = VendorScope()
        scope.set("inputs", .members(prepared.inputs.mapValues { CELValue($0) }))
        scope.set("params", .members(prepared.parameters.mapValues { CELValue($0) }))
        scope.set("vars", CELValue(plan.variables))
        scope.set(
            "run",
            .members([
                "attemptKey": .string(key), "deadlineMs": .double(Double(deadlineMs)),
                "startDeadlineMs": .double(Double(max(2000, deadlineMs / 2))), "wantsStream": .bool(wantsStream),
                "sandbox": .bool(false),
            ])
        )
        scope.set("webhook", .members(webhook.map { ["url": .string($0)] } ?? [:]))
        scope.set("keep", .map([:]))
        return scope
    }
}

extension CELValue {
    /// The result of a price formula.
    var nano: Money? {
        switch self {
        case .double(let value): Money(rounding: value)
        case .int(let value): value >= 0 ? Money(nano: value) : nil
        default: nil
        }
    }
}
