import HTTPServer
import HTTPValues

/// A page of the documentation that the server itself gives: nothing comes from elsewhere, and nothing inline runs.
struct DocsPage {
    /// Whether it lists what stands in it at its side.
    enum Kind: String {
        /// A page of its own.
        case plain
        /// A long one, with a list of its headings that can be searched.
        case listed
        /// The reference, which is made in the browser from the OpenAPI document.
        case reference
    }

    /// What it is called.
    let title: String
    /// Its path.
    let path: String
    /// How it is laid out.
    let kind: Kind
    /// What stands in it, as HTML.
    let content: String

    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

    private static let pages = [
        ("/docs", "Overview"), ("/docs/api", "API"), ("/docs/nodes", "Nodes"), ("/docs/expressions", "Expressions"),
        ("/docs/errors", "Errors"),
    ]

    /// The answer that shows it.
    var response: HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: [
                "content-type": "text/html; charset=utf-8", "cache-control": "no-cache",
                "content-security-policy": Self.policy, "referrer-policy": "no-referrer",
                "x-content-type-options": "nosniff", "x-frame-options": "DENY",
            ],
            body: Array(text.utf8)
        )
    }

    private var text: String {
        let links = Self.pages.map { target, name in
            "<a href=\"\(target)\"\(target == path ? " aria-current=\"page\"" : "")>\(name)</a>"
        }.joined(separator: "\n")
        let side = """
            <aside><label for="search" class="hidden">Search this page</label>
            <input id="search" type="search" placeholder="Search   /" autocomplete="off" spellcheck="false">
            <nav id="contents" aria-label="On this page"></nav></aside>
            """
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <meta name="color-scheme" content="light dark"><title>\(title.escapedForHTML) · Millrace</title>
            <link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/docs.css"><script src="/docs/docs.js" defer></script></head>
            <body class="\(kind.rawValue)"><a class="skip" href="#main">To the content</a>
            <header><strong>Millrace</strong><nav aria-label="Pages">\(links)</nav>
            <button id="theme" type="button">Theme</button></header>
            \(kind == .plain ? "" : side)
            <main id="main" tabindex="-1"><h1>\(title.escapedForHTML)</h1>
            \(content)
            </main></body></html>
            """
    }
}
