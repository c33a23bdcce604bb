import Catalog
import HTTPServer
import HTTPValues
import Handbook

extension APIServer {
    /// The documentation for people, at the root and without a key.
    static let docsRoutes: [Route] = [
        page("/docs") { _ in DocsPage(title: "Documentation", path: "/docs", kind: .plain, content: overview) },
        page("/docs/api") { _ in
            DocsPage(title: "API reference", path: "/docs/api", kind: .reference, content: reference)
        },
        page("/docs/nodes") { server in
            markdown("Node types", "/docs/nodes", Handbook.nodes(server.catalog))
        },
        page("/docs/expressions") { _ in
            markdown("Expressions and templates", "/docs/expressions", Handbook.expressions)
        },
        page("/docs/errors") { _ in
            let text = BuiltInCatalog.page("errors.md").map { String(decoding: $0, as: UTF8.self) } ?? ""
            return markdown("Errors", "/docs/errors", text, linksToCells: true)
        },
        asset("/docs/docs.css", "text/css; charset=utf-8"), asset("/docs/docs.js", "text/javascript; charset=utf-8"),
    ]

    private static func page(_ path: String, _ make: @escaping @Sendable (APIServer) -> DocsPage) -> Route {
        Route(row: 66, method: .get, path: path, scopes: nil, isAtRoot: true) { server, _ in
            .raw(make(server).response)
        }
    }

    private static func asset(_ path: String, _ type: String) -> Route {
        Route(row: 66, method: .get, path: path, scopes: nil, isAtRoot: true) { _, _ in
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            let headers: HTTPFields = [
                "content-type": type, "cache-control": "no-cache", "x-content-type-options": "nosniff",
            ]
            return .raw(HTTPResponse(status: 200, headers: headers, body: BuiltInCatalog.page("pages/\(name)") ?? []))
        }
    }

    /// A page of Markdown, whose first heading is the title.
    private static func markdown(
        _ title: String,
        _ path: String,
        _ text: String,
        linksToCells: Bool = false
    ) -> DocsPage {
        let body = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first ?? ""
        return DocsPage(
            title: title,
            path: path,
            kind: .listed,
            content: MarkdownText(linksToCells: linksToCells).html(String(body))
        )
    }

    private static let reference = """
        <p>Every operation, made from <a href="/api/v1/openapi.json">the OpenAPI document</a> of this server. Keys are
        sent as <code>Authorization: Bearer sk-…</code>; what you enter stays on this page.</p>
        <p class="key"><label for="key">API key for trying</label>
        <input id="key" type="password" autocomplete="off" spellcheck="false" placeholder="sk-…"></p>
        <div id="operations"><p>The reference is made by a script of this server. Without scripts, read
        <a href="/api/v1/openapi.json">the document</a>.</p></div>
        """

    private static let overview = """
        <p>Millrace runs AI workflows: durable, observable, priced. This server documents itself.</p>
        <ul class="cards">
        <li><a href="/docs/api">API reference</a><p>Every operation with its bodies and answers, to try with your key.</p></li>
        <li><a href="/docs/nodes">Node types</a><p>The nodes of this server's catalog, with ports, settings and examples.</p></li>
        <li><a href="/docs/expressions">Expressions</a><p>What stands between <code>{{</code> and <code>}}</code>.</p></li>
        <li><a href="/docs/errors">Errors</a><p>Every code and rule: what happened, and what to do.</p></li>
        <li><a href="/api/v1/openapi.json">OpenAPI 3.1</a><p>The API for programs that make clients.</p></li>
        </ul>
        <h2>A run in one call</h2>
        <pre tabindex="0"><code>curl -X POST "$MILLRACE/api/v1/workflows/$WORKFLOW/execute?wait=60" \\
          -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
          -d '{"inputs": {"topic": "a lighthouse at dusk"}}'</code></pre>
        """
}
