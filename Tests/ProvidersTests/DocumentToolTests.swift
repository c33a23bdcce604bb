import Engine
import Foundation
import Providers
import Testing
import Values

/// Tools for tables and texts, with the real programs.
struct DocumentToolTests {
    @Test func `reads the rows of a table`() async throws {
        let bench = try ToolBench()
        let file = try await bench.keep("name,n\n\"Bär, A\",1\nb,2\n", mimeType: "text/csv")
        let rows = try await bench.run(.csvRows, ["file": file])["rows"]
        #expect(rows?.asJSON == [["name": "Bär, A", "n": "1"], ["name": "b", "n": "2"]])
        let lists = try await bench.run(.csvRows, ["file": file], ["header": false])["rows"]
        #expect(lists?.asJSON == [["name", "n"], ["Bär, A", "1"], ["b", "2"]])
    }

    @Test(arguments: [("a,b\n1,2,3\n", "row 2"), ("\"x\n", "not closed"), ("a,a\n", "same name")])
    func `says what is wrong with a table`(text: String, reason: String) async throws {
        let bench = try ToolBench()
        let file = try await bench.keep(text, mimeType: "text/csv")
        let error = try await bench.error { try await bench.run(.csvRows, ["file": file]) }
        #expect(error.message.contains(reason), "\(error.message)")
    }

    @Test func `writes Markdown as HTML, and no HTML that stands in it`() async throws {
        let bench = try ToolBench()
        let text = "# Hi *you*\n\n| a |\n| - |\n| 1 |\n\n<script>x</script>\n\n[l](javascript:alert)"
        let html = try #require(try await bench.run(.markdown, ["text": .text(text)])["html"]?.asJSON.string)
        #expect(html.contains("<h1>Hi <em>you</em></h1>") && html.contains("<td>1</td>"))
        #expect(!html.contains("<script") && !html.contains("javascript:"))
    }
}
