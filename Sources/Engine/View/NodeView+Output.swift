public import Values

extension NodeView {
    /// The value of a node with one output; of several, a JSON object of them.
    public var onlyOutput: Value {
        if outputs.count == 1, let value = outputs.values.first { return value }
        return outputs["value"]
            ?? .json(
                .object(
                    JSONObject(
                        outputs.sorted { $0.key < $1.key }.map {
                            JSONObject.Member(key: $0.key, value: $0.value.asJSON)
                        }
                    )
                )
            )
    }
}

extension RunView {
    /// The values of the nodes whose outputs are the result, by node.
    public var resultValues: [String: Value] {
        guard status == "COMPLETED" else { return [:] }
        let wanted = Set(results)
        var values: [String: Value] = [:]
        for node in nodes where wanted.contains(node.id) && !node.outputs.isEmpty { values[node.id] = node.onlyOutput }
        return values
    }
}
