import Values

/// The credentials of an n8n file, of which only names are kept.
enum N8nCredentials {
    /// A node without values of credentials.
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
        return .object(object)
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
