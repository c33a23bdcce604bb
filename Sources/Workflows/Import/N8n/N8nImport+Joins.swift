import Values

extension N8nImport {
    /// One stream of several that lead to the same input.
    ///
    /// In n8n a node runs once for each of them. Where only one of them can ever bring something, the node gets that one;
    /// otherwise it gets the items of all, end to end.
    mutating func join(_ number: Int, _ index: Int, _ streams: [Stream]) throws(Untranslated) -> Stream {
        let suffix = index == 0 ? "join" : "join\(index + 1)"
        guard areExclusive(streams), Set(streams.map(\.levels)).count == 1 else {
            return try append(number, suffix, streams)
        }
        if Set(streams.compactMap { $0.branches[Self.trigger] }).count > 1 {
            draft.warn(
                .severalTriggers,
                node: ids[number],
                "Several triggers lead to \(workflow.nodes[number].name).",
                "A run goes on from the first trigger that gives something; keep one trigger in each workflow."
            )
        }
        let id = add(number, "logic:merge", ["mode": "first"], suffix: suffix)
        for (place, stream) in streams.enumerated() {
            // A list would arrive as one value: it is walked first.
            let single = stream.isList ? expression(number, "\(suffix)-\(place + 1)", "json", from: stream) : stream
            connect(single, id, "inputs")
        }
        return Stream(
            node: id,
            port: "value",
            levels: streams[0].levels,
            branches: common(streams)
        )
    }

    /// The items of all streams, end to end.
    mutating func append(_ number: Int, _ suffix: String?, _ streams: [Stream]) throws(Untranslated) -> Stream {
        guard streams.allSatisfy({ $0.levels.count <= 1 }) else {
            throw Untranslated(message: "Items of nested lists cannot be put end to end.")
        }
        let id = add(number, "logic:merge", ["mode": "append"], suffix: suffix)
        for (place, stream) in streams.enumerated() {
            guard !stream.levels.isEmpty, !stream.isList else {
                connect(stream, id, "inputs")
                continue
            }
            let collect = add(number, "iterator:collect", [:], suffix: "\(suffix ?? "in")-\(place + 1)")
            connect(stream, collect, "item")
            draft.connect(collect, "items", id, "inputs")
        }
        return Stream(node: id, port: "items", levels: [id], isList: true, branches: common(streams))
    }

    /// The name under which streams keep the trigger that they come from: of several, one starts a run.
    static let trigger = "(trigger)"

    /// Whether of these streams never more than one brings something for an item.
    private func areExclusive(_ streams: [Stream]) -> Bool {
        for (place, one) in streams.enumerated() {
            for other in streams[(place + 1)...] {
                let differs = one.branches.contains { key, way in other.branches[key].map { $0 != way } ?? false }
                if !differs { return false }
            }
        }
        return true
    }

    private func common(_ streams: [Stream]) -> [String: String] {
        streams.dropFirst().reduce(streams.first?.branches ?? [:]) { common, stream in
            common.filter { stream.branches[$0.key] == $0.value }
        }
    }
}
