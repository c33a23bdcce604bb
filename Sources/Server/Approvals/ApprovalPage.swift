import Crypto
import Engine
import HTTPServer
import HTTPValues
import Storage
import Values

/// The page on which a person decides: plain HTML that works without scripts.
struct ApprovalPage {
    let row: ApprovalRow
    /// What is to be decided about, as clients see it.
    let payload: JSON
    /// The token of the link; empty when a key asked.
    let token: String
    let now: Instant

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

    /// Nothing is loaded but media of this server, nothing runs, and the form goes nowhere else.
    private static let policy =
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'sha256-\(Base64.encode(SHA256.hash(style)))'; "
        + "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

    private static let style = """
        body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}
        pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f3f3f3;padding:1rem;border-radius:.5rem}
        label{display:block;margin:.75rem 0}input,select,textarea{display:block;width:100%;font:inherit;padding:.4rem;box-sizing:border-box}
        input[type=checkbox]{display:inline;width:auto}button{font:inherit;padding:.5rem 1.5rem;margin-right:.5rem}img,video{max-width:100%}
        """

    private var text: String {
        let title = (row.request["title"]?.string ?? "Approval").escapedForHTML
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(title)</title><style>\(Self.style)</style></head><body><main>
            <h1>\(title)</h1>
            <p>\((row.request["message"]?.string ?? "").escapedForHTML)</p>
            \(shownPayload)
            \(isOpen ? form : outcome)
            </main></body></html>
            """
    }

    private var isOpen: Bool { row.status == "pending" && row.expiresAt.map { now <= $0 } ?? true }

    private var shownPayload: String {
        guard !payload.isNull else { return "" }
        if let url = payload["url"]?.string, let type = payload["mimeType"]?.string {
            if type.hasPrefix("image/") { return "<p><img alt=\"\" src=\"\(url.escapedForHTML)\"></p>" }
            if type.hasPrefix("video/") { return "<p><video controls src=\"\(url.escapedForHTML)\"></video></p>" }
            if type.hasPrefix("audio/") { return "<p><audio controls src=\"\(url.escapedForHTML)\"></audio></p>" }
        }
        return "<pre>\((payload.string ?? payload.indentedText).escapedForHTML)</pre>"
    }

    private var outcome: String {
        guard row.status != "pending", row.status != "expired" else {
            return "<p><strong>Nobody has decided in time.</strong></p>"
        }
        let comment = row.comment.map { ": \($0.escapedForHTML)" } ?? ""
        return """
            <p><strong>\(row.status == "approved" ? "Approved" : "Rejected")</strong> by \((row.decidedBy ?? "").escapedForHTML)
            at \(row.decidedAt.map(\.description) ?? "")\(comment)</p>
            """
    }

    private var form: String {
        let path = "/api/v1/approvals/\(row.id)"
        let query = token.isEmpty ? "" : "?token=\(token.escapedForHTML)"
        let until = row.expiresAt.map { "<p>To be decided by \($0).</p>" } ?? ""
        return """
            \(until)<form method="post" action="\(path)/approve\(query)">
            \(fields)
            <label>Comment <textarea name="comment" rows="2" maxlength="10000"></textarea></label>
            <button type="submit">Approve</button>
            <button type="submit" formnovalidate formaction="\(path)/reject\(query)">Reject</button>
            </form>
            """
    }

    private var fields: String {
        let form = ApprovalForm(row.request["form"] ?? .null)
        guard form.isWanted else { return "" }
        guard let fields = form.fields else {
            return "<label>Data (JSON) <textarea name=\"data\" rows=\"6\"></textarea></label>"
        }
        return fields.map { field in
            let name = "data.\(field.name)".escapedForHTML
            let label = field.label.escapedForHTML
            let required = field.isRequired ? " required" : ""
            if !field.choices.isEmpty {
                let options = field.choices.map { "<option>\($0.escapedForHTML)</option>" }.joined()
                return "<label>\(label) <select name=\"\(name)\"\(required)>\(options)</select></label>"
            }
            switch field.type {
            case "boolean": return "<label><input type=\"checkbox\" name=\"\(name)\" value=\"true\"> \(label)</label>"
            case "string": return "<label>\(label) <input name=\"\(name)\"\(required)></label>"
            default: return "<label>\(label) <input type=\"number\" step=\"any\" name=\"\(name)\"\(required)></label>"
            }
        }.joined(separator: "\n")
    }

}
