import Workflows
import Catalog
import Expressions
import Values

extension Computation {
    /// The nodes that make one value of others.
    static var utilities: [String: Function] {
        [
            "utility:prompt_concat": promptConcat,
            "utility:template": fillTemplate,
            "utility:expression": takeExpression,
            "utility:json_extract": jsonExtract,
            "utility:json_multi_extract": jsonMultiExtract,
            "utility:json_build": jsonBuild,
            "utility:random_seed": randomSeed,
            "utility:sticky_note": nothing,
            "utility:placeholder": standIn,
        ]
    }

    private static func promptConcat(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let ports = context.node.inputs.map(\.port.id).filter { $0.hasPrefix("prompt") }
        let parts = ports.compactMap(context.text).filter { !$0.isEmpty }
        return ["prompt": .text(parts.joined(separator: context.word("separator") ?? " "))]
    }

    private static func fillTemplate(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        ["text": .text(Conversion.text(of: context.parameters["template"] ?? ""))]
    }

    private static func takeExpression(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        ["value": .json(context.parameters["expression"] ?? .null)]
    }

    private static func jsonExtract(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        ["value": .json(try extract(context.word("path") ?? "", context))]
    }

    private static func jsonMultiExtract(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        var outputs: [String: Value] = [:]
        for member in context.parameters["paths"]?.object ?? JSONObject() {
            outputs[member.key] = .json(try extract(member.value.string ?? "", context))
        }
        return outputs
    }

    private static func jsonBuild(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        var object = context.parameters["data"]?.object ?? JSONObject()
        for (name, value) in context.inputs.sorted(by: { $0.key < $1.key }) { object[name] = value.asJSON }
        return ["data": .json(.object(object))]
    }

    private static func randomSeed(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let given = context.parameters["seed"]?.integer
        switch (context.word("mode"), given) {
        case ("fixed", let seed?): return ["seed": .json(.int(seed))]
        case ("+1", let seed?): return ["seed": .json(.int((seed + 1) % 4_294_967_296))]
        case ("fixed", nil), ("+1", nil): throw context.invalid("this mode needs a seed.")
        default: return ["seed": .json(.int(Int64(context.random % 4_294_967_296)))]
        }
    }

    private static func standIn(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        let type = context.parameters["intended"]?["type"]?.string.map { " by \($0)" } ?? " by another node type"
        throw context.invalid("this node stands for one that is not known here. Replace it\(type).")
    }

    /// The value at a path of names and numbers such as `images[0].url` in the port `data`.
    private static func extract(_ path: String, _ context: ComputeContext) throws(NodeError) -> JSON {
        var json = context.inputs["data"]?.asJSON ?? .null
        for step in path.split(whereSeparator: { $0 == "." || $0 == "[" || $0 == "]" }) {
            guard let next = Int(step).flatMap({ json[$0] }) ?? json[String(step)] else {
                throw NodeError(
                    .invalidInput,
                    "\(context.node.label): there is no \(step) at \(path) in \(json.shortText)."
                )
            }
            json = next
        }
        return json
    }
}
