import Expressions
import TestSupport
import Testing
import Values

struct ConformanceTests {
    static let files = [
        "basic", "bindings_ext", "comparisons", "conversions", "encoders_ext", "fields", "fp_math", "integer_math",
        "lists", "logic", "macros", "macros2", "math_ext", "namespace", "optionals", "parse", "plumbing", "string",
        "string_ext", "timestamps",
    ]

    @Test(arguments: files)
    func `passes every case of the specification`(file: String) throws {
        guard let json = try Conformance.json("cel/\(file).json") else {
            #expect(!Conformance.isRequired, "The conformance data is required here and absent.")
            return
        }
        let suite = try #require(ConformanceSuite(json))
        let report = suite.run()
        #expect(report.failures.isEmpty, "\(report.failures.map(\.description).joined(separator: "\n"))")
        #expect(report.passed == suite.count)
    }

    @Test func `has seen all 1,091 cases`() throws {
        var count = 0
        for file in Self.files {
            guard let cases = try Conformance.json("cel/\(file).json")?.array else { return }
            count += cases.count
        }
        #expect(count == 1091)
    }
}
