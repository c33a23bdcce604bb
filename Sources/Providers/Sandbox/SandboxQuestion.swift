import Catalog
import Engine
import Values

/// What a node asks, and what can be answered without making media.
struct SandboxQuestion: Sendable {
    let type: NodeType
    let inputs: [String: Value]
    let parameters: [String: JSON]

    /// The most words of the question that an answer repeats.
    private static let words = 24

    /// What the node is asked about: its prompt, else its first text, else its name.
    var prompt: String {
        let texts = type.inputs.filter { $0.type == .text && !["system_prompt", "negative_prompt"].contains($0.id) }
        let names = ["prompt", "text"] + texts.map(\.id)
        for name in names {
            let text = (inputs[name]?.asJSON ?? parameters[name]).map(Conversion.text) ?? ""
            if !text.allSatisfy(\.isWhitespace) { return text }
        }
        return type.label
    }

    /// The prompt on one line, without its middle when it is long.
    var shortPrompt: String {
        let words = prompt.split(whereSeparator: \.isWhitespace)
        guard words.count > Self.words else { return words.joined(separator: " ") }
        let half = Self.words / 2
        return (words.prefix(half) + ["…"] + words.suffix(half)).joined(separator: " ")
    }

    /// A number that follows from the question alone (FNV-1a, 64 bits).
    var fingerprint: UInt64 {
        var object = JSONObject()
        object["type"] = .string(type.id)
        object["inputs"] = .object(Self.sorted(inputs.mapValues(\.record)))
        object["parameters"] = .object(Self.sorted(parameters))
        return JSON.object(object).canonicalBytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    private static func sorted(_ members: [String: JSON]) -> JSONObject {
        JSONObject(members.sorted { $0.key < $1.key }.map { JSONObject.Member(key: $0.key, value: $0.value) })
    }

    /// How many values a list port gives.
    func count(of port: OutputPort) -> Int {
        guard port.type == .image else { return 2 }
        return parameters["num_images"]?.integer.map { Int(max(1, min(4, $0))) } ?? 1
    }

    /// A number of a setting, also of one that is written as text.
    func setting(_ names: String...) -> Double? {
        for name in names {
            guard let value = parameters[name] else { continue }
            if let number = value.number ?? value.string.flatMap(Double.init), number > 0 { return number }
        }
        return nil
    }

    // MARK: Answers

    func text(for port: OutputPort, _ number: Int) -> String {
        if port.id == "label", let label { return label }
        var about = shortPrompt
        while let last = about.last, ".,;: ".contains(last) { about.removeLast() }
        let end = about.last.map { "!?…".contains($0) } == true ? "" : "."
        let numbered = port.isList ? "This is sandbox answer \(number + 1)" : "This is a sandbox answer"
        return "\(numbered), made without asking a model. The request was: \(about)\(end)"
    }

    /// One of the labels that the node may give: one that stands in the text, else one by chance of the question.
    var label: String? {
        let lists = ["labels", "options", "categories", "classes"].compactMap { parameters[$0] ?? inputs[$0]?.asJSON }
        guard let labels = lists.first?.array?.map(Conversion.text), !labels.isEmpty else { return nil }
        let text = prompt.lowercased()
        if let named = labels.first(where: { text.contains($0.lowercased()) }) { return named }
        return labels[Int(fingerprint % UInt64(labels.count))]
    }

    func number(for port: OutputPort) -> JSON {
        switch port.id {
        case "confidence": .double(0.9)
        case "score": .double(0.8)
        case "seed": parameters["seed"] ?? .int(Int64(fingerprint % 4_294_967_296))
        default: .int(Int64(fingerprint % 100))
        }
    }

    func json(for port: OutputPort) -> JSON {
        switch port.id {
        case "usage":
            let tokens = (Int64(prompt.utf8.count / 4 + 1), Int64(40))
            return [
                "prompt_tokens": .int(tokens.0), "completion_tokens": .int(tokens.1),
                "total_tokens": .int(tokens.0 + tokens.1),
            ]
        case "embedding":
            return .array((0..<8).map { place in .double(Double(fingerprint >> (place * 8) & 0xFF) / 128 - 1) })
        default:
            if let schema = parameters["json_schema"] ?? parameters["schema"] { return example(of: schema, depth: 0) }
            return ["sandbox": true, "request": .string(shortPrompt)]
        }
    }

    /// A value that a JSON Schema allows.
    private func example(of schema: JSON, depth: Int) -> JSON {
        guard depth < 8 else { return .null }
        if let value = schema["const"] ?? schema["enum"]?.array?.first ?? schema["default"] { return value }
        if let choice = (schema["anyOf"] ?? schema["oneOf"] ?? schema["allOf"])?.array?.first {
            return example(of: choice, depth: depth + 1)
        }
        switch schema["type"]?.string ?? schema["type"]?.array?.first?.string ?? "object" {
        case "string": return .string("Sandbox: \(shortPrompt)")
        case "integer", "number": return schema["minimum"] ?? 1
        case "boolean": return true
        case "null": return .null
        case "array":
            let count = Int(max(1, min(10, schema["minItems"]?.integer ?? 1)))
            return .array((0..<count).map { _ in example(of: schema["items"] ?? ["type": "string"], depth: depth + 1) })
        default:
            var object = JSONObject()
            for member in schema["properties"]?.object ?? JSONObject() {
                object[member.key] = example(of: member.value, depth: depth + 1)
            }
            return .object(object)
        }
    }
}
