import Catalog
import Foundation
import Server
import Testing

/// What `Documentation/errors.md` promises to list.
struct ErrorDocumentationTests {
    private let rows: [[String]]

    init() throws {
        let text = try String(contentsOf: URL(filePath: "Documentation/errors.md"), encoding: .utf8)
        rows = text.split(separator: "\n").filter { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test(arguments: ErrorCode.allCases)
    func `every code of the API is explained under its status`(code: ErrorCode) {
        let row = rows.first { $0.count == 4 && $0[1] == "`\(code.rawValue)`" }
        #expect(row?[0] == "\(code.status)")
        #expect(row?[2].isEmpty == false && row?[3].isEmpty == false)
    }

    @Test func `no code is explained that the API does not give`() {
        let explained = rows.filter { $0.count == 4 && Int($0[0]) != nil }.map { $0[1].filter { $0 != "`" } }
        #expect(Set(explained) == Set(ErrorCode.allCases.map(\.rawValue)))
        #expect(explained.count == ErrorCode.allCases.count)
    }

    @Test(arguments: FailureClass.allCases)
    func `every class of a failed attempt is explained`(word: FailureClass) {
        #expect(rows.contains { $0.count == 3 && $0[0].contains("`\(word.rawValue)`") })
    }
}
