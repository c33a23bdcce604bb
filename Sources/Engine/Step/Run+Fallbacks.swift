import Values

import Catalog
import Workflows

extension Run {
    /// The inputs of a node run for one of its fallbacks: those of its own that the other type knows, and the settings of
    /// the fallback.
    ///
    /// - Parameters:
    ///   - fallback: The place of the fallback.
    ///   - prepared: The inputs for the node's own type.
    ///   - address: The node run.
    /// - Returns: The inputs.
    /// - Throws: ``NodeError`` when a value cannot be passed to the other type.
    public func prepare(
        fallback: Int,
        _ prepared: Prepared,
        _ address: Address
    ) throws(NodeError) -> Prepared {
        let node = plan.nodes[address.node]
        let other = node.fallbacks[fallback]
        var result = Prepared(inputs: [:], parameters: [:])
        for input in other.type.inputs {
            guard let value = prepared.inputs[input.id], let own = node.type.input(input.id) else { continue }
            guard input.isList else {
                result.inputs[input.id] = try Conversion.convert(value, from: own.type, to: input.type)
                continue
            }
            guard case .list(let items) = value else {
                result.inputs[input.id] = .list([try Conversion.convert(value, from: own.type, to: input.type)])
                continue
            }
            var converted: [Value] = []
            for item in items { converted.append(try Conversion.convert(item, from: own.type, to: input.type)) }
            result.inputs[input.id] = .list(converted)
        }
        for parameter in other.parameters {
            if case .literal(let json) = parameter.binding { result.parameters[parameter.parameter.id] = json }
        }
        return result
    }
}
