import Catalog
import Expressions
import HTMLText
import JSONSchemas
import Values
import Workflows
import YAML

/// What reads texts from outside: nothing may crash, hang or grow without end, whatever the bytes.
enum Reader: String, CaseIterable {
    case expression
    case template
    case json
    case yaml
    case workflow
    case foreign = "import"
    case manifest
    case csv
    case html
    case pattern

    private static let catalog = try? Catalog(BuiltInCatalog.documents)

    /// Reads some bytes.
    func read(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        switch self {
        case .expression: expression(text)
        case .template: template(text)
        case .json:
            if let json = try? JSON(parsing: bytes) { precondition((try? JSON(parsing: json.text)) == json) }
            if let json = try? JSON(parsing: bytes), let schema = try? JSONSchema(json) {
                _ = schema.problems(in: json)
            }
        case .yaml: yaml(text)
        case .workflow: workflow(bytes)
        case .foreign:
            if let catalog = Self.catalog, let file = try? ImportFile.value(bytes) {
                _ = try? WorkflowImport.read(file, catalog: catalog)
            }
        case .manifest: _ = try? Catalog([Catalog.Document(file: "fuzz.json", bytes: bytes)])
        case .csv: _ = try? CSVTable(text, delimiter: ",", hasNames: true)
        case .html: _ = HTMLText(text, keepsLinks: true)
        case .pattern:
            if let pattern = try? Pattern(text) { _ = try? pattern.matches(in: "abc abd 12 é", atMost: 9) }
        }
    }

    private func yaml(_ text: String) {
        guard let node = try? YAMLParser.parse(text), let json = try? JSON(yaml: node) else { return }
        let again = (try? YAMLParser.parse(json.yamlText)).flatMap { $0 }.flatMap { try? JSON(yaml: $0) }
        precondition(again == json, "\(json.text) is written as \(json.yamlText)")
    }

    private func expression(_ text: String) {
        guard let expression = try? Expression(parsing: text, in: .workflow) else { return }
        _ = try? expression.evaluate(in: Names(), with: EvaluationContext(now: Instant(microseconds: 1))).json()
        _ = expression.text(renaming: "a", to: "b")
    }

    private func template(_ text: String) {
        guard let template = try? TextTemplate(parsing: text, in: .workflow) else { return }
        _ = template.text(renaming: "a", to: "b")
    }

    private struct Names: Scope {
        func value(ofRoot name: String) -> CELValue? { CELValue(["b": [1, "x", nil], "c": 2.5]) }
    }

    private func workflow(_ bytes: [UInt8]) {
        guard let catalog = Self.catalog, let graph = try? WorkflowDocument(parsing: bytes, fileName: "fuzz.yaml").graph
        else { return }
        _ = graph.findings(catalog: catalog, for: .running)
        let (mended, _) = graph.mended(catalog: catalog)
        _ = mended.findings(catalog: catalog, for: .saving)
    }
}
