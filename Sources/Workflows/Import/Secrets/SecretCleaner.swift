import Values

/// Keeps secrets of a file out of the graph and the report: by the names they stand under, and by how they look.
///
/// What only names a value, such as a template alone, stays; of a secret only ``mark`` does.
struct SecretCleaner {
    /// One secret that was taken out.
    struct Found: Hashable {
        /// Where it stood, from the outermost member on.
        var path: [String]
        /// The name of the secret that is needed in its place.
        var secret: String

        /// The path as programs write it.
        var place: String {
            path.enumerated().map { number, step in
                Int(step) == nil ? (number == 0 ? step : ".\(step)") : "[\(step)]"
            }
            .joined()
        }
    }

    /// Where members stand whose names mean something of their own.
    enum Place {
        case anywhere, headers, query
    }

    /// What stands where a secret was.
    static let mark = "(removed)"

    /// Whether header fields that nobody knows stay, as in workflows of ours, which come back as they were.
    let keepsUnknownHeaders: Bool
    /// Whether nodes keep credentials beside their settings, as those of n8n do; they are reported on their own.
    let hasCredentials: Bool
    private(set) var found: [Found] = []

    init(of format: ImportFormat) {
        keepsUnknownHeaders = format == .millrace
        hasCredentials = format == .n8n
    }

    /// A value without its secrets.
    mutating func cleaned(_ json: JSON) -> JSON { cleaned(json, [], name: nil, .anywhere, inside: .anywhere) }

    /// Whether a secret was taken out of a value.
    static func isMarked(_ json: JSON) -> Bool {
        switch json {
        case .string(let text): text.contains(mark)
        case .array(let items): items.contains(where: isMarked)
        case .object(let object): object.contains { isMarked($0.value) }
        default: false
        }
    }

    mutating func note(_ path: [String], _ secret: String) {
        let entry = Found(path: path, secret: secret)
        if found.count < ImportReport.maximumWarnings, !found.contains(entry) { found.append(entry) }
    }

    // MARK: Values

    /// Cleans a value; `place` says where it stands itself, `inside` where its members do.
    private mutating func cleaned(
        _ json: JSON,
        _ path: [String],
        name: String?,
        _ place: Place,
        inside: Place
    ) -> JSON {
        switch json {
        case .string(let text): return .string(cleaned(text, path, name: name, place, inside: inside))
        case .array(let items):
            // A link of ComfyUI names a node.
            let isLink = items.count == 2 && items[0].string != nil && items[1].integer != nil
            return .array(
                items.enumerated().map {
                    cleaned($1, path + ["\($0)"], name: isLink ? nil : name, place, inside: inside)
                }
            )
        case .object(let object):
            let pair = object["value"] == nil ? nil : object["name"]?.string ?? object["key"]?.string
            return .object(
                JSONObject(
                    object.map { member in
                        JSONObject.Member(
                            key: member.key,
                            value: cleaned(member, of: pair, path, inherited: name, inside)
                        )
                    }
                )
            )
        case .int, .uint, .double, .digits:
            guard let name, SecretNames.isPassword(name) else { return json }
            note(path, SecretNames.variable(name))
            return .string(Self.mark)
        default: return json
        }
    }

    /// Cleans a member; one called `value` stands under the name that is beside it, or under that of its object.
    private mutating func cleaned(
        _ member: JSONObject.Member,
        of pair: String?,
        _ path: [String],
        inherited: String?,
        _ place: Place
    ) -> JSON {
        // The connections of n8n are objects by the names of nodes, which say nothing of what is in them.
        if member.key == "connections", path.count < 2 { return member.value }
        if hasCredentials, member.key == "credentials", path.dropLast().last == "nodes" { return member.value }
        let path = path + [member.key]
        let inside = Self.place(of: member.key) ?? place
        if member.key == "value", let name = pair ?? inherited {
            return cleaned(member.value, path, name: name, place, inside: inside)
        }
        let isName = pair != nil && ["name", "key"].contains(member.key)
        return cleaned(
            member.value,
            path,
            name: isName ? nil : member.key,
            pair == nil ? place : .anywhere,
            inside: inside
        )
    }

    private static let headers: Set<String> = ["header", "headersui", "headersjson"]

    private static func place(of key: String) -> Place? {
        let plain = key.lowercased()
        if plain.hasSuffix("headers") || plain.hasPrefix("headerparameters") || headers.contains(plain) {
            return .headers
        }
        if plain.contains("query") || plain == "qs" { return .query }
        return nil
    }

    // MARK: Texts

    private mutating func cleaned(
        _ text: String,
        _ path: [String],
        name: String?,
        _ place: Place,
        inside: Place
    ) -> String {
        guard !text.isEmpty, text != Self.mark else { return text }
        if let name, isSecret(name, place), SecretText.hasLiteral(text) {
            note(path, SecretText.variable(of: text) ?? SecretNames.variable(name))
            return Self.mark
        }
        if let inner = cleanedJSON(text, path, inside) { return inner }
        var scan = SecretText(text)
        scan.clean()
        for secret in scan.found { note(path, secret) }
        return scan.text
    }

    private func isSecret(_ name: String, _ place: Place) -> Bool {
        switch place {
        case .anywhere: SecretNames.isSecret(name)
        case .query: SecretNames.isSecretInQuery(name)
        case .headers:
            SecretNames.isSecret(name) || !keepsUnknownHeaders && !SecretNames.isSafeHeader(name)
        }
    }

    /// A text that holds JSON, without the secrets in it; `nil` when it holds none.
    private mutating func cleanedJSON(_ text: String, _ path: [String], _ place: Place) -> String? {
        let isExpression = text.hasPrefix("=")
        let body = isExpression ? String(text.dropFirst()) : text
        guard let first = body.first(where: { !$0.isWhitespace }), first == "{" || first == "[",
            let json = try? JSON(parsing: body), json.object != nil || json.array != nil
        else { return nil }
        let clean = cleaned(json, path, name: nil, place, inside: place)
        return clean == json ? text : (isExpression ? "=" : "") + clean.text
    }
}
