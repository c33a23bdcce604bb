public import Values

import Catalog
import Expressions
import Workflows

extension Run {
    /// The inputs of a node run: run inputs, then edges, overrides, settings and defaults, the first that is there
    /// (contract §9.2).
    ///
    /// - Throws: ``NodeError`` when an expression or a conversion fails, or a required value is missing.
    public func prepare(_ address: Address, now: Instant) throws(NodeError) -> Prepared {
        let address = address.inRound(1)
        if let prepared = prepared[address] { return prepared }
        let node = plan.nodes[address.node]
        var result = Prepared(inputs: [:], parameters: [:])
        for input in node.inputs {
            if let value = facts.values[node.id]?[input.port.id] {
                result.inputs[input.port.id] = try fit(value, from: .any, to: input.port, node)
            } else if let value = try wired(input, to: address) {
                result.inputs[input.port.id] = value
            }
        }
        if let input = node.inputs.first(where: { $0.port.id == "feedback" }), node.container == nil,
            input.edges.isEmpty, input.binding == nil, result.inputs["feedback"] == nil
        {
            let told = feedback(for: address)
            if !told.isEmpty { result.inputs["feedback"] = .text(told) }
        }
        for input in node.inputs where result.inputs[input.port.id] == nil {
            guard let value = try setting(input.port.id, input.binding, node, address, result, now) else { continue }
            result.inputs[input.port.id] = try fit(value, from: .text, to: input.port, node)
        }
        for parameter in node.parameters {
            let id = parameter.parameter.id
            let given = facts.values[node.id]?[id]
            if given == nil, case .members(let members)? = parameter.binding {
                try prepare(members, of: id, node, address, &result, now)
                continue
            }
            let set = given == nil ? try setting(id, parameter.binding, node, address, result, now) : nil
            guard let value = given ?? set else { continue }
            switch value {
            case .json(let json): result.parameters[id] = json
            case .media(let media): result.inputs[id] = .media(media)
            case .list(let items): result.parameters[id] = .array(items.map(\.asJSON))
            }
            if let problem = result.parameters[id].flatMap(parameter.parameter.problem),
                parameter.parameter.expression == nil
            {
                throw NodeError(.invalidInput, "\(node.label): \(id) \(problem).")
            }
        }
        for input in node.inputs where input.port.isRequired && result.inputs[input.port.id] == nil {
            throw NodeError(.invalidInput, "\(node.label) got no value at \(input.port.id).")
        }
        return result
    }

    // MARK: From edges

    private func wired(_ input: PlanInput, to address: Address) throws(NodeError) -> Value? {
        var values: [Value] = []
        for number in input.edges where !plan.edges[number].isBackward && supply(number, to: address) == .live {
            let edge = plan.edges[number]
            guard let port = edge.sourcePort, let output = plan.nodes[edge.source].output(port),
                let value = value(of: edge, port, to: address, for: input.port)
            else { continue }
            let node = plan.nodes[address.node]
            if input.port.isList, !input.port.joins, case .list(let items) = value {
                for item in items {
                    values.append(try Conversion.convert(item, from: output.type, to: input.port.type))
                }
            } else {
                values.append(try fit(value, from: output.type, to: input.port, node, isElement: true))
            }
        }
        guard input.port.isList else { return values.first }
        return values.isEmpty ? nil : .list(values)
    }

    /// The value that an edge brings: that of the item the node runs for, of all items, or of a chosen one.
    private func value(of edge: PlanEdge, _ port: String, to address: Address, for input: InputPort) -> Value? {
        let levels = plan.nodes[edge.source].dimensions.count
        let index = projected(address.index, of: address.node, to: edge.source)
        let turn =
            edge.isInward ? turn(of: edge.source, along: plan.nodes[address.node].dimensions, at: address.index) : nil
        if turn == nil, index.count < levels {
            let items = collected(edge.source, port: port, under: index)
            switch edge.take {
            case .first: return items.first
            case .last: return items.last
            case nil: return .list(items)
            }
        }
        guard let value = turn.map({ $0[port] }) ?? nodes[edge.source][index]?.outputs[port] else { return nil }
        if let take = edge.take, let count = value.itemCount {
            return value.item(take == .first ? 0 : count - 1)
        }
        let source = Dimension.Source(node: edge.source, port: port)
        let level = plan.nodes[address.node].dimensions.firstIndex { $0.sources.contains(source) }
        guard let level, !(input.isList && !input.joins), level < address.index.count else { return value }
        return value.item(Int(address.index[level]))
    }

    // MARK: From the settings

    private func setting(
        _ name: String,
        _ binding: Binding?,
        _ node: PlanNode,
        _ address: Address,
        _ known: Prepared,
        _ now: Instant
    ) throws(NodeError) -> Value? {
        if let json = facts.overrides[node.id]?[name] { return json.isNull ? nil : .json(json) }
        switch binding {
        case nil, .itemExpression, .members: return nil
        case .literal(let json): return .json(json)
        case .template(let template):
            let scope = NodeScope(run: self, address: address, prepared: known)
            do throws(ExpressionError) {
                let value = try template.render(in: scope, with: EvaluationContext(now: now))
                return try value.flatMap { value throws(ExpressionError) in try Value(value) }
            } catch {
                throw NodeError("expression_error", "\(node.label), \(name): \(error)")
            }
        case .expression(let expression):
            let scope = NodeScope(run: self, address: address, prepared: known)
            do throws(ExpressionError) {
                return try Value(expression.evaluate(in: scope, with: EvaluationContext(now: now)))
            } catch {
                throw NodeError("expression_error", "\(node.label), \(name): \(error)")
            }
        }
    }

    /// The members of an object in which secrets may stand; of these only the names are known.
    private func prepare(
        _ members: [Binding.Member],
        of parameter: String,
        _ node: PlanNode,
        _ address: Address,
        _ result: inout Prepared,
        _ now: Instant
    ) throws(NodeError) {
        let scope = NodeScope(run: self, address: address, prepared: result, namesSecrets: true)
        var object = JSONObject()
        for member in members {
            do throws(ExpressionError) {
                guard let value = try member.template.render(in: scope, with: EvaluationContext(now: now)) else {
                    continue
                }
                if let secret = SecretText(value) {
                    result.secrets[parameter, default: [:]][member.name] = secret
                    object[member.name] = .string(SecretText.mask)
                } else {
                    object[member.name] = try value.json()
                }
            } catch {
                throw NodeError("expression_error", "\(node.label), \(parameter).\(member.name): \(error)")
            }
        }
        result.parameters[parameter] = .object(object)
    }

    private func fit(
        _ value: Value,
        from: PortType,
        to port: InputPort,
        _ node: PlanNode,
        isElement: Bool = false
    ) throws(NodeError) -> Value {
        do {
            guard port.isList, !isElement else { return try Conversion.convert(value, from: from, to: port.type) }
            switch value {
            case .list(let items):
                var converted: [Value] = []
                for item in items { converted.append(try Conversion.convert(item, from: from, to: port.type)) }
                return .list(converted)
            case .json(.array(let items)):
                var converted: [Value] = []
                for item in items { converted.append(try Conversion.convert(.json(item), from: from, to: port.type)) }
                return .list(converted)
            case .json, .media: return .list([try Conversion.convert(value, from: from, to: port.type)])
            }
        } catch {
            throw NodeError(error.code, "\(node.label), \(port.id): \(error.message)")
        }
    }
}

extension Value {
    /// The result of an expression: media stays media, a list that holds media becomes a list of values.
    init?(_ value: CELValue) throws(ExpressionError) {
        switch value {
        case .optional(let content):
            guard let content else { return nil }
            try self.init(content)
        case .host(let host):
            if let media = host as? LinkedMedia {
                self = .media(media.reference)
            } else if let media = host as? MediaReference {
                self = .media(media)
            } else {
                self = .json(try value.json())
            }
        case .list(let items) where items.contains(where: \.isMedia):
            var values: [Value] = []
            for item in items {
                if let value = try Value(item) { values.append(value) }
            }
            self = .list(values)
        default: self = .json(try value.json())
        }
    }

    /// The value as JSON, media as its media value.
    public var asJSON: JSON {
        switch self {
        case .json(let json): json
        case .media(let media): media.described
        case .list(let items): .array(items.map(\.asJSON))
        }
    }
}

extension CELValue {
    fileprivate var isMedia: Bool {
        guard case .host(let host) = self else { return false }
        return host is LinkedMedia || host is MediaReference
    }
}
