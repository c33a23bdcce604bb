import Crypto
import HTTPServer
import HTTPValues
import Values

/// A page with a small form that works without scripts: for set-up, invitations and new passwords.
struct AccountPage {
    /// A field of the form.
    struct Field {
        let name: String
        let label: String
        let type: String
        var value = ""
        var hint = ""

        static let name = Field(name: "name", label: "Name", type: "text", hint: "name")
        static let email = Field(name: "email", label: "E-mail address", type: "email", hint: "username")
        static let newPassword = Field(
            name: "password",
            label: "Password, at least 10 characters",
            type: "password",
            hint: "new-password"
        )

        /// The token of the link, which need not be typed.
        static func token(_ value: String?) -> Field {
            Field(name: "token", label: "Token", type: value == nil ? "text" : "hidden", value: value ?? "")
        }
    }

    let title: String
    var text = ""
    let action: String
    let button: String
    let fields: [Field]

    func response() -> HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: [
                "content-type": "text/html; charset=utf-8", "cache-control": "no-store",
                "content-security-policy": Self.policy, "referrer-policy": "no-referrer",
                "x-content-type-options": "nosniff", "x-frame-options": "DENY",
            ],
            body: Array(html.utf8)
        )
    }

    /// Nothing is loaded, nothing runs, and the form goes nowhere else.
    private static let policy =
        "default-src 'none'; style-src 'sha256-\(Base64.encode(SHA256.hash(style)))'; form-action 'self'; "
        + "frame-ancestors 'none'; base-uri 'none'"

    private static let style = """
        body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}
        label{display:block;margin:.75rem 0}input{display:block;width:100%;font:inherit;padding:.4rem;box-sizing:border-box}
        button{font:inherit;padding:.5rem 1.5rem}
        """

    private var html: String {
        let inputs = fields.map { field in
            let input =
                "<input name=\"\(field.name)\" type=\"\(field.type)\" value=\"\(field.value.escapedForHTML)\""
                + " autocomplete=\"\(field.hint.isEmpty ? "off" : field.hint)\" required>"
            return field.type == "hidden" ? input : "<label>\(field.label) \(input)</label>"
        }.joined(separator: "\n")
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(title)</title><style>\(Self.style)</style></head><body><main>
            <h1>\(title)</h1>
            <p>\(text)</p>
            <form method="post" action="\(action)">
            \(inputs)
            <button type="submit">\(button)</button>
            </form>
            </main></body></html>
            """
    }
}
