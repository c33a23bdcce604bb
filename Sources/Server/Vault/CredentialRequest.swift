import Catalog
import HTTPValues
import Storage
import Values

/// What a body says of a credential; members that are not there change nothing.
struct CredentialRequest {
    /// A value that may be taken away.
    enum Change<Value> {
        case keep
        case set(Value?)

        func apply(to value: inout Value?) {
            if case .set(let new) = self { value = new }
        }
    }

    let provider: String?
    let name: String?
    /// The fields that are set; `nil` for one that is taken away.
    let fields: [String: String?]
    let baseURL: Change<String>
    let variables: JSONObject?
    let environment: Change<String>
    let isDefault: Bool?
    let rotateAt: Change<Instant>
    let expiresAt: Change<Instant>
    let warnings: [JSON]

    static let known = [
        "provider", "name", "fields", "baseUrl", "vars", "environment", "isDefault", "rotateAt", "expiresAt",
    ]

    init(_ object: JSONObject, mayReach: (HTTPURL) -> Bool) throws(APIError) {
        let body = try Fields(object, known: Self.known)
        warnings = body.warnings
        provider = try body.string("provider", atMost: 100)
        name = try Self.name(body)
        fields = try Self.fields(object)
        isDefault = try body.bool("isDefault")
        if object["vars"]?.isNull == true {
            variables = JSONObject()
        } else {
            variables = try Self.variables(try body.object("vars"))
        }
        switch object["baseUrl"] {
        case nil: baseURL = .keep
        case .null?: baseURL = .set(nil)
        default: baseURL = .set(try Self.baseURL(try body.string("baseUrl", atMost: 2000) ?? "", mayReach))
        }
        switch object["environment"] {
        case nil: environment = .keep
        case .null?: environment = .set(nil)
        default: environment = .set(try Self.environment(try body.string("environment", atMost: 64) ?? ""))
        }
        rotateAt = try Self.time("rotateAt", object, body)
        expiresAt = try Self.time("expiresAt", object, body)
    }

    /// Changes what the body names, but for the sealed fields.
    func apply(to row: inout CredentialRow) {
        if let name { row.name = name }
        baseURL.apply(to: &row.baseURL)
        environment.apply(to: &row.environment)
        rotateAt.apply(to: &row.rotateAt)
        expiresAt.apply(to: &row.expiresAt)
        if let variables { row.variables = variables }
        if let isDefault { row.isDefault = isDefault }
    }

    /// The fields together with those there were before.
    ///
    /// - Throws: ``APIError`` for fields that the provider does not have, or when one it needs is missing.
    func fields(over before: [String: String], for provider: Provider, baseURL: String?) throws(APIError)
        -> [String: String]
    {
        let known = provider.secrets.map(\.name)
        var all = before
        for (name, value) in fields {
            guard known.contains(name) else {
                throw APIError.field("fields", "holds \(name); \(provider.id) has \(known.joined(separator: ", "))")
            }
            all[name] = value
        }
        guard provider.isUsable(with: Set(all.keys)) || baseURL != nil else {
            let needed = provider.secrets.filter { !$0.isOptional }.map(\.name)
            throw APIError.field("fields", "lacks what \(provider.id) needs: \(needed.joined(separator: ", "))")
        }
        return all
    }

    private static func name(_ body: Fields) throws(APIError) -> String? {
        guard let name = try body.string("name", atMost: 200) else { return nil }
        guard !name.isEmpty, !name.hasPrefix("crd_"), name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .field("name", "must not be empty, begin with crd_ or hold control characters")
        }
        return name
    }

    private static func fields(_ object: JSONObject) throws(APIError) -> [String: String?] {
        guard let value = object["fields"] else { return [:] }
        guard let members = value.object, members.count <= 20 else {
            throw .field("fields", "must be an object of at most 20 texts")
        }
        var fields: [String: String?] = [:]
        for member in members {
            if member.value.isNull {
                fields[member.key] = .some(nil)
                continue
            }
            guard let text = member.value.string, !text.isEmpty, text.utf8.count <= 16 << 10,
                text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else {
                throw .field("fields.\(member.key)", "must be a text of 1 to 16384 bytes without control characters")
            }
            fields[member.key] = text
        }
        return fields
    }

    private static func variables(_ object: JSONObject?) throws(APIError) -> JSONObject? {
        guard let object else { return nil }
        guard object.count <= 20 else { throw .field("vars", "must have at most 20 members") }
        for member in object {
            guard member.key != "price", member.key.utf8.count <= 100 else {
                throw .field("vars", "cannot change \(member.key.prefix(100))")
            }
            if member.value.bool != nil || member.value.number != nil { continue }
            // They stand in addresses as they are.
            guard let text = member.value.string, text.utf8.count <= 200, !text.contains(".."),
                text.utf8.allSatisfy({ UInt8(ascii: "~") == $0 || $0.isPathCharacter })
            else {
                throw .field(
                    "vars.\(member.key)",
                    "must be a number, a Boolean or a text of A-Z, a-z, 0-9, . _ ~ / and -"
                )
            }
        }
        return object
    }

    private static func baseURL(_ text: String, _ mayReach: (HTTPURL) -> Bool) throws(APIError) -> String {
        guard let url = try? HTTPURL(text), !text.contains("?"), !text.contains("#"), !text.contains("@") else {
            throw .field("baseUrl", "must be an address such as https://api.example.com/v1")
        }
        guard mayReach(url) else {
            throw .field(
                "baseUrl",
                "must be a public https address, or one that the operator listed with --allow-private"
            )
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private static func environment(_ text: String) throws(APIError) -> String {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0.isPathCharacter && $0 != UInt8(ascii: "/") }) else {
            throw .field("environment", "must be a word such as production, of letters, digits, . _ and -")
        }
        return text
    }

    private static func time(_ name: String, _ object: JSONObject, _ body: Fields) throws(APIError) -> Change<Instant> {
        switch object[name] {
        case nil: return .keep
        case .null?: return .set(nil)
        default:
            guard let time = try body.string(name).flatMap(Instant.init) else {
                throw .field(name, "must be a time in ISO 8601")
            }
            return .set(time)
        }
    }
}

extension UInt8 {
    /// Whether it stands in a path as it is, but for the tilde.
    fileprivate var isPathCharacter: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
