import HTTPValues
import Server
import Testing
import Workflows

/// The documentation that the server itself gives.
@Suite(.timeLimit(.minutes(2)))
struct DocsTests {
    private func get(_ path: String) async throws -> (status: Int, headers: HTTPFields, body: String) {
        let answer = try await ServerBench().raw(.get, path, [:])
        return (answer.status, answer.headers, String(decoding: answer.body, as: UTF8.self))
    }

    @Test(arguments: ["/docs", "/docs/api", "/docs/nodes", "/docs/expressions", "/docs/errors"])
    func `every page is whole, runs only what the server gives, and needs no key`(path: String) async throws {
        let page = try await get(path)
        #expect(page.status == 200)
        #expect(page.headers["content-type"] == "text/html; charset=utf-8")
        let policy = try #require(page.headers["content-security-policy"])
        #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"))
        #expect(!policy.contains("unsafe"))
        #expect(page.body.hasPrefix("<!doctype html>") && page.body.hasSuffix("</html>"))
        #expect(page.body.contains("<a href=\"\(path)\" aria-current=\"page\">"))
        // Nothing inline, and nothing of anybody else's.
        #expect(!page.body.contains("<style") && !page.body.contains("style=\"") && !page.body.contains("<script>"))
        #expect(page.body.firstMatch(of: /(src|href)="(http:|\/\/)/) == nil)
        #expect(page.body.firstMatch(of: /src="https:/) == nil)
        for name in ["p", "ul", "table", "tbody", "pre", "code", "main", "header", "nav"] {
            let opened = page.body.matches(of: try Regex("<\(name)[ >]")).count
            #expect(opened == page.body.matches(of: try Regex("</\(name)>")).count, "\(name)")
        }
    }

    @Test func `every code and every rule can be linked to`() async throws {
        let page = try await get("/docs/errors").body
        for code in ErrorCode.allCases { #expect(page.contains("id=\"\(code.rawValue)\""), "\(code)") }
        for rule in GraphRule.allCases { #expect(page.contains("id=\"\(rule.rawValue)\""), "\(rule)") }
        let anchors = page.matches(of: /\ id="([^"]*)"/).map { $0.1 }
        #expect(Set(anchors).count == anchors.count)
    }

    @Test func `what stands in the catalog is shown as text`() async throws {
        let page = try await get("/docs/nodes").body
        #expect(page.contains("<h3 id=\"llm:chat\">llm:chat</h3>"))
        #expect(page.contains("&quot;") && page.contains("&lt;"))
    }

    @Test(arguments: [
        ("/docs/docs.css", "text/css; charset=utf-8"), ("/docs/docs.js", "text/javascript; charset=utf-8"),
    ])
    func `the style and the script come from the server`(path: String, type: String) async throws {
        let asset = try await get(path)
        #expect(asset.status == 200 && asset.headers["content-type"] == type)
        #expect(asset.body.count > 1000)
        #expect(!asset.body.contains("http://") && !asset.body.contains("https://") && !asset.body.contains("@import"))
        #expect(!asset.body.contains("innerHTML"))
    }
}
