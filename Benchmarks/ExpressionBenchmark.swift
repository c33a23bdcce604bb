import Expressions
import Values

/// How often can a simple condition be evaluated in a second on one core, and how long does reading one take?
enum ExpressionBenchmark {
    private static let condition = "score >= 0.8 && label == 'ok'"

    static func run() async throws {
        let environment = Environment.workflow(shorthands: ["score", "label"])
        let expression = try Expression(parsing: condition, in: environment)
        let context = EvaluationContext(now: Instant(microseconds: 0))
        let scope = Names()
        var rates: [Double] = []
        var parse: [Double] = []
        for repetition in 0..<30 {
            let count = 50_000
            let time = try await seconds {
                for _ in 0..<count where try !expression.isTrue(in: scope, with: context) { throw Wrong() }
            }
            let read = try await seconds {
                for _ in 0..<500 { _ = try Expression(parsing: condition, in: environment) }
            }
            if repetition >= 5 {
                rates.append(Double(count) / time)
                parse.append(read / 500 * 1e6)
            }
        }
        Report("expression-evaluate", condition, unit: "1/s", values: rates).print()
        Report("expression-read", condition, unit: "µs", values: parse).print()
    }

    private struct Wrong: Error {}

    private struct Names: Scope {
        func value(ofRoot name: String) -> CELValue? { name == "score" ? .double(0.9) : .string("ok") }
    }
}
