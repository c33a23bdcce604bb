import Crypto
import HTTPServer
import HTTPValues
import Values

/// A page for people: plain HTML with a style of its own that works without scripts.
struct PageText {
    let title: String
    let body: String
    /// After how many seconds the browser asks again; `nil` when nothing is waited for.
    var refresh: Int?

    func response(status: Int) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [
                "content-type": "text/html; charset=utf-8", "cache-control": "no-store",
                "content-security-policy": Self.policy, "referrer-policy": "no-referrer",
                "x-content-type-options": "nosniff", "x-frame-options": "DENY",
            ],
            body: Array(text.utf8)
        )
    }

    private var text: String {
        let again = refresh.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">" } ?? ""
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <meta name="color-scheme" content="light dark">\(again)
            <title>\(title.escapedForHTML)</title><style>\(Self.style)</style></head><body><main>
            \(body)
            </main></body></html>
            """
    }

    /// Nothing is loaded but media of this server, nothing runs, and the form goes nowhere else.
    private static let policy =
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'sha256-\(Base64.encode(SHA256.hash(style)))'; "
        + "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

    private static let style = """
        :root{color-scheme:light dark;--page:#f6f6f4;--card:#fff;--ink:#1d1d1b;--soft:#6b6b66;--line:#d9d9d4;--go:#1f5fd6;--on:#fff;--bad:#b3261e}
        @media(prefers-color-scheme:dark){:root{--page:#141413;--card:#1f1f1d;--ink:#ececea;--soft:#a3a39d;--line:#3a3a37;--go:#7aa7ff;--on:#0b1a36;--bad:#ff8a80}}
        *{box-sizing:border-box}body{margin:0;padding:2rem 1rem;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main{max-width:40rem;margin:0 auto;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
        h1{margin:0 0 .25rem;font-size:1.5rem;line-height:1.25}h2{margin:1.5rem 0 .5rem;font-size:1rem}p{margin:.5rem 0}.soft{color:var(--soft)}.bad{color:var(--bad)}
        label{display:block;margin:1.25rem 0 0;font-weight:600}label small{display:block;font-weight:400;color:var(--soft)}
        input,select,textarea{display:block;width:100%;margin-top:.35rem;padding:.6rem .7rem;font:inherit;color:inherit;background:var(--page);border:1px solid var(--line);border-radius:.5rem}
        textarea{resize:vertical;min-height:6rem}input[type=checkbox]{display:inline-block;width:auto;margin:0 .5rem 0 0}
        button{margin-top:1.75rem;padding:.65rem 1.6rem;font:inherit;font-weight:600;color:var(--on);background:var(--go);border:0;border-radius:.5rem;cursor:pointer}
        :focus-visible{outline:2px solid var(--go);outline-offset:2px}a{color:var(--go)}
        pre{margin:.5rem 0;padding:1rem;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--page);border-radius:.5rem;font-size:.9rem}
        img,video{display:block;max-width:100%;margin:.5rem 0;border-radius:.5rem}audio{width:100%;margin:.5rem 0}progress{width:100%}
        """
}
