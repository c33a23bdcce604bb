import Catalog
import Values

extension Computation {
    /// The nodes that give what a run was started with: their one parameter is their one output.
    static var inputs: [String: Function] {
        var functions: [String: Function] = [:]
        let simple = [
            "input:text": "text", "input:number": "number", "input:boolean": "value", "input:select": "value",
            "input:json": "data", "input:url": "url", "input:date": "date", "input:image": "image",
            "input:video": "video", "input:audio": "audio", "input:file": "file",
        ]
        for (type, port) in simple {
            functions[type] = { context throws(NodeError) in [port: try given(port, context)] }
        }
        functions["input:list"] = { context throws(NodeError) in
            ["items": .list(try given("items", context).elements)]
        }
        functions["trigger:manual"] = { context in ["inputs": .json(context.scope.run.facts.inputs)] }
        return functions
    }

    private static func given(_ name: String, _ context: ComputeContext) throws(NodeError) -> Value {
        if let media = context.inputs[name] { return media }
        guard let json = context.parameters[name] else {
            throw NodeError(
                .invalidInput, "The input \(context.node.label) has no value: send one in inputs, or set a default.")
        }
        return try Conversion.convert(.json(json), from: .json, to: context.node.output(name)?.type ?? .any)
    }
}
