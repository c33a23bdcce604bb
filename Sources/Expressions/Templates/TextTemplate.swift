/// A text of a workflow with expressions between `{{` and `}}` (contract §9.3, "Templates in strings").
///
/// A text that is one expression keeps its type; in any other, numbers and Booleans stand as in JSON, lists and maps as
/// compact JSON, and null, media and empty optionals are errors. Literal braces are written `{{ "{{" }}`.
public struct TextTemplate: Sendable {
    private let text: HoledText

    /// Reads a template.
    ///
    /// - Throws: ``ExpressionError`` with the place in the whole text.
    public init(parsing source: String, in environment: Environment) throws(ExpressionError) {
        do {
            text = try HoledText(parsing: source, style: .braces, in: environment)
        } catch {
            throw ExpressionError(error, in: source)
        }
    }

    /// The text as it was given.
    public var source: String { text.source }

    /// Whether the text has no expressions.
    public var isPlain: Bool { text.holes.isEmpty }

    /// Whether the text is a single expression, whose value keeps its type.
    public var isOneExpression: Bool { text.isOneHole }

    /// Every value of the scope that the text names, in the order of the text.
    public var references: [Reference] { text.holes.flatMap(\.expression.references) }

    /// Whether an expression calls `now()`, so that the result must not be kept.
    public var usesNow: Bool { text.holes.contains(where: \.expression.usesNow) }

    /// The text with functions instead of the filters of older templates, or `nil` when there are none.
    public var rewritten: String? {
        let edits = text.holes.compactMap { hole in hole.rewritten.map { TextEdit(range: hole.range, text: $0) } }
        return edits.isEmpty ? nil : source.applying(edits)
    }

    /// The references to a root that stand in a larger expression instead of alone between their braces.
    public func mixedReferences(to root: String) -> [Reference] {
        text.holes.filter { $0.expression.references.map(\.range) != [$0.range] }
            .flatMap { $0.expression.references.filter { $0.root == root } }
    }

    /// The text with another name for a node of the workflow, wherever it refers to that node.
    ///
    /// - Parameters:
    ///   - node: The name until now.
    ///   - name: The new name.
    ///   - own: Names that stand for ports and settings of the node whose text it is.
    /// - Returns: The text with all else as it was.
    public func text(renaming node: String, to name: String, beside own: Set<String> = []) -> String {
        let renaming = NodeRenaming(from: node, to: name, beside: own)
        return source.applying(text.holes.flatMap { renaming.edits(of: $0.expression, in: source) })
    }

    /// The value in a scope, or `nil` when the text is one expression whose value is an empty optional.
    ///
    /// - Throws: ``ExpressionError`` with the place in the whole text.
    public func render(
        in scope: some Scope,
        with context: EvaluationContext = EvaluationContext()
    ) throws(ExpressionError) -> CELValue? {
        var meter = Meter(limit: text.environment.limits.cost)
        do {
            return try text.render(in: scope, with: context, &meter)
        } catch {
            throw ExpressionError(error, in: source)
        }
    }
}
