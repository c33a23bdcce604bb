import Values

/// Keeps secrets of an n8n file out of the graph: credentials are names, keys in header fields are taken out.
enum N8nSecrets {
    /// A node without values of credentials, and without texts that look like keys in its parameters.
    static func removed(from node: JSON) -> JSON {
        guard var object = node.object else { return node }
        if let credentials = object["credentials"]?.object {
            object["credentials"] = .object(
                JSONObject(
                    credentials.map { member in
                        let kept = ["id", "name"].compactMap { name in
                            (member.value[name]?.string).map { JSONObject.Member(key: name, value: .string($0)) }
                        }
                        return JSONObject.Member(key: member.key, value: .object(JSONObject(kept)))
                    }
                )
            )
        }
        object["parameters"] = object["parameters"].map(cleaned)
        return .object(object)
    }

    /// Where a text was that may be a secret.
    static let mark = "(removed)"

    private static func cleaned(_ json: JSON) -> JSON {
        switch json {
        case .array(let items): return .array(items.map(cleaned))
        case .object(let object):
            var result = JSONObject(
                object.map { member in
                    let value = isSecret(member.key, member.value) ? .string(mark) : cleaned(member.value)
                    return JSONObject.Member(key: member.key, value: value)
                }
            )
            if let name = object["name"]?.string, let value = object["value"], isSecret(name, value) {
                result["value"] = .string(mark)
            }
            return .object(result)
        default: return json
        }
    }

    private static func isSecret(_ name: String, _ value: JSON) -> Bool {
        guard let text = value.string, !text.isEmpty, !text.hasPrefix("=") else { return false }
        let plain = name.lowercased().filter { $0.isLetter }
        return ["authorization", "apikey", "xapikey", "password", "accesstoken", "secret", "clientsecret", "token"]
            .contains(plain)
    }

    /// Whether something was taken out.
    static func isMarked(_ json: JSON) -> Bool {
        switch json {
        case .string(let text): text == mark
        case .array(let items): items.contains(where: isMarked)
        case .object(let object): object.contains { isMarked($0.value) }
        default: false
        }
    }

    /// The names of the secrets that stand for a node's credentials.
    static func names(of node: JSON) -> [String] {
        (node["credentials"]?.object ?? JSONObject()).map { member in
            if let known = wellKnown[member.key] { return known }
            let text = member.value["name"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? member.key
            let name = text.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "_" }.joined()
            return String(name.split(separator: "_").joined(separator: "_").prefix(60))
        }
        .filter { !$0.isEmpty }
    }

    private static let wellKnown = [
        "openAiApi": "OPENAI_API_KEY", "anthropicApi": "ANTHROPIC_API_KEY", "googlePalmApi": "GEMINI_API_KEY",
        "mistralCloudApi": "MISTRAL_API_KEY", "openRouterApi": "OPENROUTER_API_KEY", "groqApi": "GROQ_API_KEY",
    ]
}
