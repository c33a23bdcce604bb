public import Values

/// A JSON document of a manifest whose texts may hold expressions between `${` and `}` (media manifests §3.2).
///
/// A text that is one expression keeps its type; a member or element whose value is an empty optional is dropped. Four
/// objects have a meaning: `{"$if", "then", "else"}`, `{"$each", "as", "do"}`, `{"$concat": […]}`, `{"$merge": […]}`.
public struct JSONTemplate: Sendable {
    private let part: Part
    private let environment: Environment
    /// Every value of the scope that the document names; the names of `$each` are none.
    public let references: [Reference]
    /// Whether an expression calls `now()`, so that the result must not be kept.
    public let usesNow: Bool

    /// Reads a template.
    ///
    /// - Throws: ``ExpressionError`` whose ``ExpressionError/place`` is the JSON pointer of the text concerned.
    public init(_ json: JSON, in environment: Environment) throws(ExpressionError) {
        var reader = JSONTemplateReader(environment)
        part = try reader.part(json, at: "", in: environment)
        references = reader.references
        usesNow = reader.usesNow
        self.environment = environment
    }

    /// The document in a scope, or `nil` when it is an empty optional as a whole; opaques stand in it as they are.
    ///
    /// - Throws: ``ExpressionError`` with the place of the text concerned.
    public func render(
        in scope: some Scope,
        with context: EvaluationContext = EvaluationContext()
    ) throws(ExpressionError) -> CELValue? {
        var renderer = JSONTemplateRenderer(context: context, meter: Meter(limit: environment.limits.cost))
        return try renderer.render(part, in: scope)
    }
}

extension JSONTemplate {
    /// One value of the document.
    indirect enum Part: Sendable {
        /// A value without expressions.
        case constant(CELValue)
        case text(HoledText, place: String)
        case list([Part])
        case map([(key: String, value: Part)])
        case condition(Leaf, then: Part, otherwise: Part?)
        case each(Leaf, name: String, Part)
        case concat([Part], place: String)
        case merge([Part], place: String)
    }

    /// An expression that is a whole text of the document.
    struct Leaf: Sendable {
        let expression: Expression
        let place: String
    }
}
