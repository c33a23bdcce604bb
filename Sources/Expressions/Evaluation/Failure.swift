/// A failure inside the parser or evaluator, before it is told to anyone.
///
/// Most failures of an evaluation are absorbed by `||`, `&&` or `default`, so no sentence is made for them.
struct Failure: Error {
    enum Hint {
        case none
        case sentence(String)
        /// The map whose key was not found.
        case keys(CELMap)
    }

    let reason: ExpressionError.Reason
    /// The concerned part of the source, or `nil` until the node that failed adds it.
    var range: SourceRange?
    var hint: Hint

    init(_ reason: ExpressionError.Reason, at range: SourceRange? = nil, hint: String? = nil) {
        self.reason = reason
        self.range = range
        self.hint = hint.map { .sentence($0) } ?? .none
    }

    static func missingKey(_ name: String, in map: CELMap) -> Failure {
        var failure = Failure(.missingKey(name))
        failure.hint = .keys(map)
        return failure
    }

    /// Whether `||`, `&&` and `default` may not go on after it.
    var isFatal: Bool {
        if case .limit = reason { return true }
        return false
    }

    /// The failure with the concerned part, unless a part further inside is known.
    func located(at range: SourceRange) -> Failure {
        guard self.range == nil else { return self }
        var failure = self
        failure.range = range
        return failure
    }

    /// What to write instead.
    var suggestion: String {
        switch (hint, reason) {
        case (.sentence(let sentence), _): sentence
        case (.keys(let map), .missingKey(let name)): Self.suggestion(for: name, in: map)
        case (_, .missingKey(let name)): "Write `default(x, y)` if `\(name)` may be missing."
        case (_, .noOverload(_, let types)) where types.contains(CELType.optional.name):
            "Take the value out of the optional with `.orValue(…)` first."
        case (_, .noOverload("+", let types)) where types.contains(CELType.string.name):
            "Write `string(x)` to join a value to a text."
        case (_, .indexOutOfRange(let index, _)): "Write `[?\(index)]` for an optional."
        default: reason.suggestion
        }
    }

    private static func suggestion(for name: String, in map: CELMap) -> String {
        let near = Spelling.nearest(to: name, among: map.keys.lazy.prefix(32).compactMap(\.string))
        if let near { return "Did you mean `\(near)`?" }
        return "Write `.?\(name)` for an optional, or `default(x, y)`."
    }
}
