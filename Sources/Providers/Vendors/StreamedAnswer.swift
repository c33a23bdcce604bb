import Catalog
import Expressions
import Values

/// What has come of an answer in pieces.
struct StreamedAnswer {
    /// The texts of output ports.
    private(set) var texts: [String: String] = [:]
    /// What is kept, as a whole answer would have given it.
    private(set) var kept = JSONObject()
    /// Whether the piece came that is the last one.
    private(set) var isComplete = false

    /// What a piece has added to the texts of ports.
    typealias Addition = (port: String, text: String)

    /// Takes a piece; `nil` when it is an error.
    mutating func take(
        _ event: String,
        _ plan: StreamPlan,
        _ scope: VendorScope,
        _ context: EvaluationContext
    ) -> [Addition]? {
        if let done = plan.done, event == done {
            isComplete = true
            return []
        }
        guard let chunk = try? JSON(parsing: Array(event.utf8), limits: .answer) else { return [] }
        let piece = CELValue(chunk, nullsAreMissing: true)
        var scope = scope.with("chunk", piece)
        scope.set("body", piece)
        func value(_ expression: Expression) -> CELValue? {
            (try? expression.evaluate(in: scope, with: context))?.unwrapped
        }
        if let error = plan.error, value(error) != nil { return nil }
        var additions: [Addition] = []
        for (port, expression) in plan.append {
            guard let text = value(expression)?.string, !text.isEmpty else { continue }
            texts[port, default: ""] += text
            additions.append((port, text))
        }
        for keep in plan.keep {
            guard let json = value(keep.expression).flatMap({ try? $0.json() }), !json.isEmpty else { continue }
            kept[keep.name] = keep.merges ? (kept[keep.name] ?? .object(JSONObject())).merging(json) : json
        }
        scope.set("keep", CELValue(.object(kept)))
        if let end = plan.endWhen, value(end)?.bool == true { isComplete = true }
        return additions
    }
}

extension JSON {
    fileprivate var isEmpty: Bool {
        switch self {
        case .null: true
        case .string(let text): text.isEmpty
        case .array(let list): list.isEmpty
        case .object(let object): object.isEmpty
        default: false
        }
    }
}
