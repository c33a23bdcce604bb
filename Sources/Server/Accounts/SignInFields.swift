import Crypto
import HTTPValues
import Storage
import Values

/// What people type in: read from JSON, or from the form of a page.
struct SignInFields {
    let fields: Fields

    init(_ exchange: Exchange, known: [String]) async throws {
        guard exchange.isForm else {
            fields = try Fields(try await exchange.object(atMost: 16 << 10), known: known)
            return
        }
        let text = String(decoding: try await exchange.bytes(atMost: 16 << 10), as: UTF8.self)
        guard let items = PercentCoding.items(text[...]) else {
            throw APIError(.badRequest, "The form holds a broken escape, or too many fields.")
        }
        var object = JSONObject()
        for item in items { object[item.name] = .string(item.value) }
        fields = try Fields(object, known: known)
    }

    /// A text that must be there.
    func text(_ name: String, atMost length: Int = 200) throws(APIError) -> String {
        guard let text = try fields.string(name, atMost: length), !text.isEmpty else {
            throw APIError(.missingFields, "Missing required fields: \(name)", ["fields": [.string(name)]])
        }
        return text
    }

    /// A name for people.
    func name() throws(APIError) -> String {
        let name = try text("name")
        guard name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw .field("name", "must not hold control characters")
        }
        return name
    }

    /// An address of mail in lower case.
    func email() throws(APIError) -> String {
        let email = try text("email", atMost: 254).lowercased()
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty,
            email.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
        else { throw .field("email", "must be an address such as ada@example.com") }
        return email
    }

    /// A new password.
    func newPassword(_ name: String = "password") throws(APIError) -> String {
        let password = try text(name, atMost: PasswordHash.longestPassword)
        guard password.unicodeScalars.count >= 10 else { throw .field(name, "must have at least 10 characters") }
        return password
    }
}

extension Exchange {
    /// Whether the body is that of a page's form.
    var isForm: Bool { mediaType == "application/x-www-form-urlencoded" }

    /// Whether the cookie may only travel over TLS.
    func cookieSuffix(_ publicURL: String?) -> String {
        let isSecure = isSecure || publicURL?.hasPrefix("https:") == true
        return "; Path=/; HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
    }
}
