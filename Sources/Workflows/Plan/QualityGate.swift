public import Expressions
import Values

/// What the outputs of a node have to be, and what is done when they are not (contract §9.2, `policy.quality`).
public struct QualityGate: Sendable {
    /// What happens when no candidate passes.
    public enum OnFail: String, Sendable, Hashable, CaseIterable {
        /// The node fails with `quality_gate_failed`.
        case fail
        /// The candidate with the highest score is taken.
        case best
        /// The last candidate is taken.
        case `continue`
    }

    /// What must be true of `output`, or a number that must reach ``target``.
    public var condition: Expression?
    /// The number by which candidates are compared; `output.score` where nothing is said and that is a number.
    public var score: Expression?
    /// The score that is enough.
    public var target: Double?
    /// What the next candidate is told of the last one; a sentence about the condition where nothing is said.
    public var feedback: Expression?
    /// The most candidates after the first one.
    public var maximumRegenerations = 2
    /// What happens when no candidate passes.
    public var onFail: OnFail = .fail

    /// The members of the object.
    static let members = ["expr", "score", "target", "feedback", "maxRegenerations", "onFail"]

    /// Every expression with the member it stands in.
    var expressions: [(name: String, expression: Expression)] {
        [("expr", condition), ("score", score), ("feedback", feedback)].compactMap { name, expression in
            expression.map { (name, $0) }
        }
    }

    private var texts: [String?] { [condition?.text, score?.text, feedback?.text] }
}

extension QualityGate: Hashable {
    /// Gates of the same texts are the same.
    public static func == (left: QualityGate, right: QualityGate) -> Bool {
        left.texts == right.texts && left.target == right.target && left.onFail == right.onFail
            && left.maximumRegenerations == right.maximumRegenerations
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(texts)
        hasher.combine(target)
        hasher.combine(onFail)
        hasher.combine(maximumRegenerations)
    }
}

extension QualityGate {
    /// Reads the object; `nil`, with a finding, when it says nothing that could be checked.
    init?(_ json: JSON, report: (String, String) -> Void) {
        guard let object = json.object else {
            report("quality", "must be an object")
            return nil
        }
        for member in object where !Self.members.contains(member.key) {
            report("quality.\(member.key)", "is not known; quality has \(Self.members.joined(separator: ", "))")
        }
        func expression(_ name: String) -> Expression? {
            guard let value = object[name], !value.isNull else { return nil }
            guard let text = value.string else {
                report("quality.\(name)", "must be a CEL expression, not a \(value.kind)")
                return nil
            }
            do {
                return try Expression(parsing: text, in: .workflow)
            } catch {
                report("quality.\(name)", "cannot be read: \(error.message)")
                return nil
            }
        }
        condition = expression("expr")
        score = expression("score")
        feedback = expression("feedback")
        if let value = object["target"], !value.isNull {
            target = value.number
            if target == nil { report("quality.target", "must be a number") }
        }
        if let value = object["maxRegenerations"], !value.isNull {
            if let number = value.integer, (0...Self.mostRegenerations).contains(number) {
                maximumRegenerations = Int(number)
            } else {
                report("quality.maxRegenerations", "must be a whole number from 0 to \(Self.mostRegenerations)")
            }
        }
        if let value = object["onFail"], !value.isNull {
            if let word = value.string.flatMap(OnFail.init(rawValue:)) {
                onFail = word
            } else {
                report(
                    "quality.onFail",
                    "must be one of: \(OnFail.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
        }
        guard condition != nil || target != nil else {
            if object["expr"] == nil { report("quality", "needs expr, or score and target") }
            return nil
        }
    }

    /// Each one is paid: nobody needs more.
    private static var mostRegenerations: Int64 { 10 }
}
