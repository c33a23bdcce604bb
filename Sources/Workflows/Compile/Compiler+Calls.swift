import Catalog
import Values

extension Compiler {
    /// The type of a node that runs another workflow.
    private static var callType: String { "blueprint:invoke" }

    /// Reports calls of workflows that are not there, and inputs that they need and do not get.
    mutating func checkCalls() {
        guard let known = workspace.workflows else { return }
        for node in nodes where node.type.id == Self.callType && !node.isDisabled {
            func literal(_ name: String) -> JSON? {
                guard case .literal(let value)? = node.parameters.first(where: { $0.parameter.id == name })?.binding
                else { return nil }
                return value
            }
            guard let name = literal("workflow")?.string else { continue }
            guard let called = known[name] else {
                report(
                    .unknownWorkflow,
                    "There is no workflow \(name) in this account.",
                    fix: "Write the identifier or the name of one, or make it before this one runs.",
                    node: node.id,
                    path: "config.workflow"
                )
                continue
            }
            let given = Set(node.inputs.map(\.port.id)).union(literal("inputs")?.object?.keys ?? [])
            for names in called.required where names.isDisjoint(with: given) {
                let input = names.sorted().first ?? ""
                report(
                    .missingRequiredInput,
                    "The workflow \(name) needs a value for \(input).",
                    severity: .warning,
                    fix: "Declare an input port \(input) and connect it, or set config.inputs.\(input).",
                    node: node.id,
                    path: "config.inputs"
                )
            }
            for input in given.subtracting(called.inputs).sorted() {
                report(
                    .badConfig,
                    "The workflow \(name) has no input \(input).",
                    severity: .warning,
                    fix: called.inputs.isEmpty ? "It takes none." : "It takes \(list(called.inputs.sorted())).",
                    node: node.id,
                    path: "config.inputs"
                )
            }
        }
    }
}
