/// An expression of the Common Expression Language, parsed once and evaluated as often as wanted.
public struct Expression: Sendable {
    let program: Program
    /// Every value of the scope that the text names, in the order of the text.
    public let references: [Reference]
    /// Whether the text calls `now()`, so that its value must not be kept.
    public let usesNow: Bool
    /// The names of the variables that macros declare.
    let variables: Set<String>

    /// Reads an expression.
    ///
    /// - Throws: ``ExpressionError`` with the place and, where possible, what to write instead.
    public init(parsing text: String, in environment: Environment) throws(ExpressionError) {
        do {
            var parser = try Parser(source: text, bytes: Array(text.utf8), from: 0, to: .endOfText, in: environment)
            let program = try parser.program()
            self.init(program, parser)
        } catch {
            throw ExpressionError(error, in: text)
        }
    }

    init(_ program: Program, _ parser: Parser) {
        self.program = program
        references = parser.references
        usesNow = parser.usesNow
        variables = parser.variables
    }

    /// The text as it was given.
    public var text: String { program.source }

    /// The value in a scope.
    ///
    /// - Throws: ``ExpressionError``; the reason `missingKey` means that a name or member is not there now.
    public func evaluate(
        in scope: some Scope,
        with context: EvaluationContext = EvaluationContext()
    ) throws(ExpressionError) -> CELValue {
        do throws(Failure) {
            var meter = Meter(limit: program.environment.limits.cost)
            let value = try evaluate(in: scope, with: context, &meter)
            guard !value.isLarger(than: program.environment.limits.resultBytes) else {
                throw Failure(.limit(.resultBytes(program.environment.limits.resultBytes)))
            }
            return value
        } catch {
            throw ExpressionError(error, in: text)
        }
    }

    /// The value in a scope, where many evaluations share one allowance of work.
    ///
    /// - Parameters:
    ///   - scope: The values the expression can name.
    ///   - context: What it gets besides.
    ///   - work: The units that are left; the evaluation takes its own from it.
    /// - Returns: The value.
    /// - Throws: ``ExpressionError`` as ``evaluate(in:with:)``, and when the allowance is used up.
    public func evaluate(
        in scope: some Scope,
        with context: EvaluationContext,
        work: inout Int
    ) throws(ExpressionError) -> CELValue {
        do throws(Failure) {
            let limit = min(work, program.environment.limits.cost)
            var meter = Meter(limit: limit)
            defer { work -= limit - max(0, meter.remaining) }
            return try evaluate(in: scope, with: context, &meter)
        } catch {
            throw ExpressionError(error, in: text)
        }
    }

    /// Whether the expression is true in a scope.
    ///
    /// - Throws: ``ExpressionError``, also when the value is no Boolean.
    public func isTrue(
        in scope: some Scope,
        with context: EvaluationContext = EvaluationContext()
    ) throws(ExpressionError) -> Bool {
        let value = try evaluate(in: scope, with: context)
        guard case .bool(let isTrue) = value else {
            let sentence = "A condition must be true or false; this is a value of the type `\(value.type)`."
            throw ExpressionError(Failure(.invalidValue(sentence), hint: "Compare it: `x == y`."), in: text)
        }
        return isTrue
    }

    /// The value, where several expressions share one meter.
    func evaluate(in scope: any Scope, with context: EvaluationContext, _ meter: inout Meter) throws(Failure)
        -> CELValue
    {
        var evaluator = Evaluator(program, in: scope, with: context, meter: meter)
        defer { meter = evaluator.meter }
        return try evaluator.result()
    }
}
