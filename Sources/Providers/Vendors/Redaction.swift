import Catalog
import Engine
import Values

/// Puts `***` in the place of secrets, wherever they come back.
struct Redaction: Sendable {
    private let secrets: [String]

    /// What is shorter says nothing, and would be found everywhere.
    private static let shortest = 4

    /// A redaction of these texts, also as they stand in addresses and in base 64.
    init(_ texts: some Sequence<String>) {
        var secrets: Set<String> = []
        for text in texts where text.utf8.count >= Self.shortest {
            secrets.insert(text)
            secrets.insert(PercentEncoding.query(text))
            secrets.insert(Base64.encode(Array(text.utf8)))
        }
        // The longest first, so that none is cut by one that stands in it.
        self.secrets = secrets.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    func text(_ text: String) -> String {
        var text = text
        for secret in secrets where text.utf8.count >= secret.utf8.count && text.contains(secret) {
            text = text.replacing(secret, with: SecretText.mask)
        }
        return text
    }

    func json(_ json: JSON) -> JSON {
        guard !secrets.isEmpty else { return json }
        switch json {
        case .string(let string): return .string(text(string))
        case .array(let list): return .array(list.map(self.json))
        case .object(let object):
            return .object(
                JSONObject(object.map { JSONObject.Member(key: text($0.key), value: self.json($0.value)) })
            )
        default: return json
        }
    }

    func value(_ value: Value) -> Value {
        switch value {
        case .json(let json): .json(self.json(json))
        case .media: value
        case .list(let items): .list(items.map(self.value))
        }
    }

    func error(_ error: NodeError) -> NodeError {
        var error = error
        error.message = text(error.message)
        error.requestID = error.requestID.map(text)
        return error
    }

    func outcome(_ outcome: RunInput.Outcome) -> RunInput.Outcome {
        switch outcome {
        case .succeeded(let outputs, let cost, let requestID):
            .succeeded(outputs: outputs.mapValues(value), cost: cost, requestID: requestID.map(text))
        case .failed(let error, let cost): .failed(self.error(error), cost: cost)
        case .withdrawn: outcome
        }
    }
}
