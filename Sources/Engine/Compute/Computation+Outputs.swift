import Catalog
import Values

extension Computation {
    /// The nodes that hold a result; what they take is kept as `value`, so that it can be shown.
    static var outputs: [String: Function] {
        let ports = [
            "output:value": "value", "output:image": "image", "output:video": "video", "output:audio": "audio",
            "output:text": "text", "output:file": "file", "output:preview": "value",
        ]
        return ports.mapValues { port in
            { context in context.inputs[port].map { ["value": $0] } ?? [:] }
        }
    }
}
