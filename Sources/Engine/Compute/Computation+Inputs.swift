import Workflows
import Catalog
import Values

extension Computation {
    /// The nodes that give what a run was started with: their one parameter is their one output.
    static var inputs: [String: Function] {
        var functions: [String: Function] = [
            "input:list": items, "input:csv": rows, "input:secret_ref": nothing, "trigger:manual": startInputs,
        ]
        for name in ["text", "number", "boolean", "select", "json", "url", "date", "image", "video", "audio", "file"] {
            functions["input:\(name)"] = single
        }
        return functions
    }

    private static func single(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        guard let port = context.node.outputs.first?.id else { return [:] }
        return [port: try given(port, context)]
    }

    private static func items(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        ["items": .list(try given("items", context).elements)]
    }

    private static func rows(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        guard let text = context.word("text") else { throw context.invalid("there is no text: send one in inputs.") }
        let hasNames = context.parameters["header"]?.bool ?? true
        do {
            let table = try CSVTable(text, delimiter: context.word("delimiter") ?? ",", hasNames: hasNames)
            return ["rows": .list(table.records.map(Value.json))]
        } catch {
            throw context.invalid(error.description)
        }
    }

    static func nothing(_ context: ComputeContext) throws(NodeError) -> [String: Value] { [:] }

    private static func startInputs(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        ["inputs": .json(context.scope.run.facts.inputs)]
    }

    private static func given(_ name: String, _ context: ComputeContext) throws(NodeError) -> Value {
        if let media = context.inputs[name] { return media }
        guard let json = context.parameters[name] else {
            throw NodeError(
                .invalidInput,
                "The input \(context.node.label) has no value: send one in inputs, or set a default."
            )
        }
        return try Conversion.convert(.json(json), from: .json, to: context.node.output(name)?.type ?? .any)
    }
}
