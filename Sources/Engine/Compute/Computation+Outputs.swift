import Workflows
import Catalog
import Values

extension Computation {
    /// The nodes that hold a result; what they take is kept as `value`, so that it can be shown.
    static var outputs: [String: Function] {
        var functions: [String: Function] = [:]
        for name in ["value", "image", "video", "audio", "text", "file", "preview"] {
            functions["output:\(name)"] = hold
        }
        return functions
    }

    private static func hold(_ context: ComputeContext) throws(NodeError) -> [String: Value] {
        guard let port = context.node.inputs.first?.port.id, let value = context.inputs[port] else { return [:] }
        return ["value": value]
    }
}
