import Catalog
import Storage
import Values
import Workflows

/// What a run of a workflow takes and gives, for people and for forms (contract §7.2).
struct RunDescription {
    let plan: Plan

    func json(_ row: WorkflowRow) -> JSON {
        let inputs = inputs
        var properties = JSONObject()
        var required: [JSON] = []
        var example = JSONObject()
        for input in inputs {
            guard let name = input["name"]?.string else { continue }
            properties[name] = schema(input)
            if input["required"]?.bool == true { required.append(.string(name)) }
            example[name] = input["default"] ?? .string("…")
        }
        return [
            "workflowId": .string(row.id.description), "workflowName": .string(row.name), "inputs": .array(inputs),
            "outputs": .array(outputs),
            "inputSchema": ["type": "object", "required": .array(required), "properties": .object(properties)],
            "endpoint": .string("/api/v1/workflows/\(row.id)/run"), "method": "POST",
            "example": ["inputs": .object(example)],
        ]
    }

    var inputs: [JSON] {
        let shown = plan.settings.exposedInputs
        return plan.nodes.filter { node in
            node.type.family == "input" && node.incoming.isEmpty && shown?.contains(node.id) != false
        }.map { node in
            let parameter = node.parameters.first
            var object: JSONObject = [
                "nodeId": .string(node.id), "name": .string(node.inputName ?? node.id), "label": .string(node.label),
                "type": .string(word(node)),
            ]
            object["required"] = .bool(parameter?.binding == nil)
            if case .literal(let value) = parameter?.binding { object["default"] = value }
            if let description = parameter?.parameter.description { object["description"] = .string(description) }
            if let limit = parameter?.parameter.maximumLength { object["maxLength"] = .int(Int64(limit)) }
            if let options = node.parameters.first(where: { $0.parameter.id == "options" }),
                case .literal(let list) = options.binding
            {
                object["options"] = list
            }
            return .object(object)
        }
    }

    private var outputs: [JSON] {
        plan.results.map { place in
            let node = plan.nodes[place]
            let type = node.inputs.first?.port.type ?? node.outputs.first?.type ?? .any
            return [
                "nodeId": .string(node.id), "label": .string(node.label), "type": .string(type.rawValue.lowercased()),
            ]
        }
    }

    private func word(_ node: PlanNode) -> String {
        switch node.type.id {
        case "input:select": "select"
        case "input:url": "url"
        default: (node.outputs.first?.type ?? .any).rawValue.lowercased()
        }
    }

    private func schema(_ input: JSON) -> JSON {
        let type: JSON? =
            switch input["type"]?.string {
            case "number": "number"
            case "boolean": "boolean"
            case "json", "any": nil
            default: "string"
            }
        var object = JSONObject()
        if let type { object["type"] = type }
        object["title"] = input["label"]
        if let limit = input["maxLength"] { object["maxLength"] = limit }
        if let options = input["options"] { object["enum"] = options }
        if let value = input["default"] { object["default"] = value }
        return .object(object)
    }
}
