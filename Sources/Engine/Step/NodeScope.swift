import Catalog
import Expressions
import Values
import Workflows

/// What expressions of a node run can name (contract §9.3).
struct NodeScope: Scope {
    let run: Run
    let address: Address
    let prepared: Prepared
    /// What the items of the address are of.
    let dimensions: [Dimension]
    /// Whether a container itself asks, at the end of a turn, about what it holds.
    let isInside: Bool
    /// Whether secrets may be named.
    let namesSecrets: Bool

    init(
        run: Run,
        address: Address,
        prepared: Prepared,
        dimensions: [Dimension]? = nil,
        isInside: Bool = false,
        namesSecrets: Bool = false
    ) {
        self.run = run
        self.address = address
        self.prepared = prepared
        self.dimensions = dimensions ?? run.plan.nodes[address.node].dimensions
        self.isInside = isInside
        self.namesSecrets = namesSecrets
    }

    func value(ofRoot name: String) -> CELValue? {
        switch name {
        case "nodes": return .map(CELMap(referencedNodes))
        case "inputs": return CELValue(run.facts.inputs)
        case "trigger": return trigger
        case "vars": return CELValue(.object(run.facts.variables))
        case "secrets": return namesSecrets ? .host(SecretNames()) : nil
        case "run":
            return .map([
                "id": .string(run.facts.execution.description), "workflowId": .string(run.facts.workflow.description),
                "round": .double(Double(run.round)),
            ])
        case "index": return listLevel.map { .double(Double(address.index[$0])) }
        case "item": return item
        default: return own(name) ?? node(name) ?? (name == "feedback" ? .string(run.feedback(for: address)) : nil)
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
        let index = run.projected(address.index, along: dimensions, to: place)
        var members: [CELMap.Member] = []
        if let turn = run.turn(of: place, along: dimensions, at: address.index) {
            for port in PlanContainer.innerOutputs.sorted() {
                guard let value = turn[port] else { continue }
                members.append(CELMap.Member(key: port, value: CELValue(value, link: \.path)))
            }
        } else if index.count == levels, let source = run.nodes[place].single ?? run.nodes[place].items[index] {
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
        known.sorted().compactMap { place in
            guard place != address.node else { return nil }
            let id = run.plan.nodes[place].id
            return node(id).map { CELMap.Member(key: id, value: $0) }
        }
            + run.plan.references.compactMap { name, place in
                known.contains(place) && name != run.plan.nodes[place].id
                    ? node(name).map { CELMap.Member(key: name, value: $0) } : nil
            }
    }

    private var known: Set<Int> {
        let ancestors = run.plan.nodes[address.node].ancestors
        return isInside ? ancestors.union(run.plan.allMembers(of: address.node)) : ancestors
    }

    /// The innermost level that walks a list; turns have no items.
    private var listLevel: Int? {
        dimensions.prefix(address.index.count).lastIndex { !$0.isTurn }
    }

    private var trigger: CELValue {
        let data = run.facts.triggerData
        return data["body"] != nil || data["headers"] != nil ? CELValue(data) : .map(["body": CELValue(data)])
    }

    private var item: CELValue? {
        guard let level = listLevel, let source = dimensions[level].sources.first else { return nil }
        let outer = Array(address.index.prefix(level))
        let list =
            run.turn(of: source.node, along: dimensions, at: outer).map { $0[source.port] }
            ?? run.nodes[source.node][run.projected(outer, along: dimensions, to: source.node)]?.outputs[source.port]
        return list?.item(Int(address.index[level])).map { CELValue($0, link: \.path) }
    }
}
