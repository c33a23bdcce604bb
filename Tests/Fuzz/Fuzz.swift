import Catalog
import Expressions
import Glibc
import HTMLText
import JSONSchemas
import Values
import Workflows
import YAML

/// The reader that is fuzzed, named by `MILLRACE_READER`.
private let reader = unsafe getenv("MILLRACE_READER").map { unsafe String(cString: $0) } ?? ""

/// What the fuzzer calls with each input.
///
/// Nothing may crash, hang or grow without end.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    read(bytes)
    return 0
}

private let catalog = try? Catalog(BuiltInCatalog.documents)

private func read(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    switch reader {
    case "expression": expression(text)
    case "template": template(text)
    case "json":
        if let json = try? JSON(parsing: bytes) { precondition((try? JSON(parsing: json.text)) == json) }
        if let json = try? JSON(parsing: bytes), let schema = try? JSONSchema(json) { _ = schema.problems(in: json) }
    case "yaml": _ = try? YAMLParser.parse(text)
    case "workflow": workflow(bytes)
    case "import":
        if let catalog, let file = try? ImportFile.value(bytes) {
            _ = try? WorkflowImport.read(file, catalog: catalog)
        }
    case "manifest": _ = try? Catalog([Catalog.Document(file: "fuzz.json", bytes: bytes)])
    case "csv": _ = try? CSVTable(text, delimiter: ",", hasNames: true)
    case "html": _ = HTMLText(text, keepsLinks: true)
    case "pattern":
        if let pattern = try? Pattern(text) { _ = try? pattern.matches(in: "abc abd 12 é", atMost: 9) }
    default: preconditionFailure("MILLRACE_READER names no reader")
    }
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
    guard let catalog, let graph = try? WorkflowDocument(parsing: bytes, fileName: "fuzz.yaml").graph else { return }
    _ = graph.findings(catalog: catalog, for: .running)
    let (mended, _) = graph.mended(catalog: catalog)
    _ = mended.findings(catalog: catalog, for: .saving)
}

// MARK: Starting libFuzzer

private typealias Target = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ target: Target
) -> CInt

/// The entry point that the linker calls `main`.
@_cdecl("fuzz_main")
public func fuzzMain(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var (count, arguments) = unsafe (count, arguments)
    return unsafe runDriver(&count, &arguments, fuzzOneInput)
}
