import Expressions
import FileSystem
import Values

/// `millrace expression`: CEL by hand.
enum ExpressionCommand {
    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["with"])
        switch arguments.positional.first {
        case "eval":
            guard let text = arguments.positional.dropFirst().first else {
                throw Arguments.UsageError(description: "Give an expression.")
            }
            return evaluate(text, with: arguments["with"])
        case "check":
            let files = arguments.positional.dropFirst()
            guard !files.isEmpty else { throw Arguments.UsageError(description: "Name at least one file of cases.") }
            return try check(Array(files))
        default: throw Arguments.UsageError(description: "Say eval or check.")
        }
    }

    private static func evaluate(_ text: String, with members: String?) -> Int32 {
        do {
            let json = try JSON(parsing: members ?? "{}")
            let scope = NamedValues((json.object ?? JSONObject()).map { ($0.key, CELValue($0.value)) })
            let expression = try Expression(parsing: text, in: Environment())
            let value = try expression.evaluate(in: scope, with: EvaluationContext(now: Host.clock()))
            Console.print(try value.json().text)
            return 0
        } catch {
            Console.error("\(error)")
            return 1
        }
    }

    private static func check(_ files: [String]) throws -> Int32 {
        var passed = 0
        var failed = 0
        for file in files {
            guard let bytes = try Folder.contents(of: file, atMost: 64 << 20) else {
                throw Arguments.UsageError(description: "\(file) is longer than 64 MiB.")
            }
            guard let suite = ConformanceSuite(try JSON(parsing: bytes)) else {
                throw Arguments.UsageError(description: "\(file) is no list of cases.")
            }
            let report = suite.run()
            passed += report.passed
            failed += report.failures.count
            for failure in report.failures { Console.print("\(file): \(failure)") }
        }
        Console.print("\(passed) passed, \(failed) failed")
        return failed == 0 ? 0 : 1
    }
}
