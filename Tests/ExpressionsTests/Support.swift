import Expressions
import Values

/// The value of a text whose roots are the given values, with the rules of the host.
func evaluate(
    _ text: String,
    _ roots: [String: JSON] = [:],
    with context: EvaluationContext = EvaluationContext()
) throws(ExpressionError) -> CELValue {
    try evaluate(
        text,
        in: NamedValues(roots.map { ($0.key, CELValue($0.value)) }),
        roots: Set(roots.keys),
        with: context
    )
}

/// The value of a text in a scope that knows these roots.
func evaluate(
    _ text: String,
    in scope: some Scope,
    roots: Set<String>,
    with context: EvaluationContext = EvaluationContext()
) throws(ExpressionError) -> CELValue {
    try Expression(parsing: text, in: Environment(roots: .only(roots))).evaluate(in: scope, with: context)
}

/// The failure of a text, or `nil` when it has a value.
func failure(_ text: String, _ roots: [String: JSON] = [:]) -> ExpressionError? {
    do {
        _ = try evaluate(text, roots)
        return nil
    } catch {
        return error
    }
}

/// A picture in the asset store.
func picture(width: Int? = 1024) -> MediaReference? {
    ContentHash(bytes: Array(repeating: 7, count: 32)).map { hash in
        MediaReference(hash: hash, mimeType: "image/png", bytes: 2048, width: width, height: width, name: "hero.png")
    }
}

/// A key that no function may read.
struct Secret: HostValue {
    let name: String

    var typeName: String { "secret" }
    var isOpaque: Bool { true }
}
