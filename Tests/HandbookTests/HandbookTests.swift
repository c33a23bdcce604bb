import Catalog
import Expressions
import Foundation
import Handbook
import Testing
import Values

struct HandbookTests {
    @Test(arguments: LanguageGuide.subjects.flatMap(\.entries))
    func `an example has the value it names`(entry: GuideEntry) throws {
        let expression = try Expression(parsing: entry.example, in: .workflow(shorthands: [String]()))
        let now = Instant(microseconds: 1_763_700_000_000_000)
        let value = try expression.evaluate(in: NoNames(), with: EvaluationContext(now: now))
        #expect(try value.json() == JSON(parsing: entry.result), "\(entry.example)")
    }

    private struct NoNames: Scope {
        func value(ofRoot name: String) -> CELValue? { nil }
    }

    @Test func `the page about expressions is the one of the code`() throws {
        #expect(try page("expressions") == Handbook.expressions, "Run Scripts/handbook.")
    }

    @Test func `the page about node types is the one of the catalog`() throws {
        #expect(try page("nodes") == Handbook.nodes(Catalog(BuiltInCatalog.documents)), "Run Scripts/handbook.")
    }

    private func page(_ name: String) throws -> String {
        try String(contentsOf: URL(filePath: "Documentation/\(name).md"), encoding: .utf8)
    }
}
