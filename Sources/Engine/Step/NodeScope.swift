import Catalog
import Expressions
import Values
import Workflows

/// What expressions of a node run can name (contract §9.3).
struct NodeScope: Scope {
    let run: Run
    let address: Address
    let prepared: Prepared

    func value(ofRoot name: String) -> CELValue? {
        switch name {
        case "nodes": return .map(CELMap(referencedNodes))
        case "inputs": return CELValue(run.facts.inputs)
        case "trigger": return trigger
        case "vars": return .map(CELMap([]))
        case "run":
            return .map([
                "id": .string(run.facts.execution.description), "workflowId": .string(run.facts.workflow.description),
                "round": .double(1),
            ])
        case "index": return address.index.last.map { .double(Double($0)) }
        case "item": return item
        default: return own(name) ?? node(name)
        }
    }

    private func own(_ name: String) -> CELValue? {
        if let value = prepared.inputs[name] { return CELValue(value, link: \.path) }
        return prepared.parameters[name].map { CELValue($0) }
    }

    /// The outputs of a node by its identifier or reference name.
    private func node(_ name: String) -> CELValue? {
        guard let place = run.plan.place(ofReference: name) else { return nil }
        let levels = run.plan.nodes[place].dimensions.count
        let index = run.projected(address.index, of: address.node, to: place)
        var members: [CELMap.Member] = []
        if index.count == levels, let source = run.nodes[place].single ?? run.nodes[place].items[index] {
            for (port, value) in source.outputs {
                members.append(CELMap.Member(key: port, value: CELValue(value, link: \.path)))
            }
        } else if index.count < levels {
            for output in run.plan.nodes[place].outputs {
                let items = run.collected(place, port: output.id, under: index).map { CELValue($0, link: \.path) }
                members.append(CELMap.Member(key: output.id, value: .list(items)))
            }
        }
        return .map(CELMap(members))
    }

    /// Only the nodes that stand before this one are shown, so that nothing depends on chance.
    private var referencedNodes: [CELMap.Member] {
        run.plan.nodes[address.node].ancestors.sorted().compactMap { place in
            guard place != address.node else { return nil }
            let id = run.plan.nodes[place].id
            return node(id).map { CELMap.Member(key: id, value: $0) }
        }
            + run.plan.references.compactMap { name, place in
                run.plan.nodes[address.node].ancestors.contains(place) && name != run.plan.nodes[place].id
                    ? node(name).map { CELMap.Member(key: name, value: $0) } : nil
            }
    }

    private var trigger: CELValue {
        let data = run.facts.triggerData
        return data["body"] != nil || data["headers"] != nil ? CELValue(data) : .map(["body": CELValue(data)])
    }

    private var item: CELValue? {
        guard let index = address.index.last,
            let source = run.plan.nodes[address.node].dimensions.last?.sources.first
        else { return nil }
        let outer = run.projected(address.index, of: address.node, to: source.node)
        return run.nodes[source.node][outer]?.outputs[source.port]?.item(Int(index)).map { CELValue($0, link: \.path) }
    }
}
