import Catalog
public import Expressions
import Values

extension Compiler {
    /// Where the value of a port stands in a node's settings, and what it is; `nil` when nothing is set.
    mutating func bind(_ node: GraphNode, _ port: InputPort) -> Binding? {
        guard let value = node.setting(port.id, or: port.aliases), !value.isNull else { return nil }
        if port.isTemplate, let text = value.string, text.contains("{{") {
            return bind(text, node: node, name: port.id, aliases: port.aliases)
        }
        if let problem = port.problem(with: value) {
            report(
                .badConfig,
                "\(port.id) \(problem).",
                fix: "Correct the value, or remove it and connect an edge to in-\(port.id).",
                node: node.id,
                path: path(node, port.id, port.aliases)
            )
        }
        return .literal(value)
    }

    /// Where the value of a parameter comes from: the settings, or its default; `nil` when it is unset.
    mutating func bind(_ node: GraphNode, _ parameter: Parameter) -> Binding? {
        guard let value = node.setting(parameter.id, or: parameter.aliases), !value.isNull else {
            return parameter.defaultValue.map(Binding.literal)
        }
        let path = path(node, parameter.id, parameter.aliases)
        if parameter.isSecret, parameter.type == .json { return bindMembers(value, node, parameter) }
        if let use = parameter.expression {
            guard let text = value.string else {
                if parameter.type == .boolean || value.bool != nil { return .literal(value) }
                report(
                    .badConfig,
                    "\(parameter.id) must be a CEL expression, not a \(value.kind).",
                    node: node.id,
                    path: path
                )
                return nil
            }
            do {
                let expression = try Expression(parsing: text, in: .workflow)
                return use == .value ? .expression(expression) : .itemExpression(expression)
            } catch {
                reportExpression(error, node: node.id, name: parameter.id, path: path)
                return nil
            }
        }
        if parameter.isTemplate || parameter.isSecret, let text = value.string, text.contains("{{") {
            return bind(text, node: node, name: parameter.id, aliases: parameter.aliases)
        }
        guard let problem = parameter.problem(with: value) else { return .literal(value) }
        var fixes: [GraphFix] = []
        let place = place(in: node.id, node.settingPath(parameter.id, or: parameter.aliases))
        if let near = value.string.flatMap({ nearest($0, among: parameter.options.compactMap(\.string)) }) {
            fixes.append(
                GraphFix(
                    "Write \(near.name)",
                    isAutomatic: near.isSure,
                    [JSONChange(place, .replace(.string(near.name)))]
                )
            )
        } else if let number = value.string.flatMap({ try? JSON(parsing: $0) }), parameter.problem(with: number) == nil
        {
            fixes.append(GraphFix("Write \(number.text)", isAutomatic: true, [JSONChange(place, .replace(number))]))
        }
        fixes.append(GraphFix("Use the default", isAutomatic: false, [JSONChange(place, .remove)]))
        report(
            .badConfig,
            "\(parameter.id) \(problem).",
            fix: "Correct the value, or remove it to use the default.",
            node: node.id,
            path: path,
            fixes: fixes
        )
        return nil
    }

    private mutating func bind(_ text: String, node: GraphNode, name: String, aliases: [String]) -> Binding? {
        let path = path(node, name, aliases)
        do {
            let template = try TextTemplate(parsing: text, in: .workflow)
            if let rewritten = template.rewritten {
                let place = place(in: node.id, node.settingPath(name, or: aliases))
                report(
                    .filterRewritten,
                    "The filter in \(name) is written as an expression.",
                    fix: "Write \(rewritten).",
                    node: node.id,
                    path: path,
                    fixes: [
                        GraphFix(
                            "Write \(rewritten)",
                            isAutomatic: true,
                            [JSONChange(place, .replace(.string(rewritten)))]
                        )
                    ]
                )
            }
            return .template(template)
        } catch {
            reportExpression(error, node: node.id, name: name, path: path)
            return nil
        }
    }

    /// The members of an object of texts in which secrets may stand, such as headers.
    private mutating func bindMembers(_ value: JSON, _ node: GraphNode, _ parameter: Parameter) -> Binding? {
        guard let object = value.object, object.allSatisfy({ $0.value.string != nil }) else {
            report(
                .badConfig,
                "\(parameter.id) must be an object of texts, not \(value.object == nil ? "a \(value.kind)" : "of others").",
                fix: "Write {\"Authorization\": \"Bearer {{secrets.NAME}}\"}.",
                node: node.id,
                path: path(node, parameter.id, parameter.aliases)
            )
            return nil
        }
        var members: [Binding.Member] = []
        for member in object {
            do {
                let template = try TextTemplate(parsing: member.value.string ?? "", in: .workflow)
                members.append(Binding.Member(name: member.key, template: template))
            } catch {
                let name = "\(parameter.id).\(member.key)"
                let path = "\(path(node, parameter.id, parameter.aliases)).\(member.key)"
                reportExpression(error, node: node.id, name: name, path: path)
            }
        }
        return .members(members)
    }

    private mutating func reportExpression(_ error: ExpressionError, node: String, name: String, path: String) {
        let location = error.location
        report(
            .badExpression,
            "\(name), line \(location.line), column \(location.column): \(error.message)",
            fix: error.suggestion,
            node: node,
            path: path,
            location: location
        )
    }

    /// The name of the field in which a setting stands, such as `config.prompt`.
    func path(_ node: GraphNode, _ name: String, _ aliases: [String] = []) -> String {
        node.settingPath(name, or: aliases).joined(separator: ".")
    }
}

extension InputPort {
    /// What is wrong with a value that stands in the settings of the port, or `nil` when it can be passed or converted.
    fileprivate func problem(with value: JSON) -> String? {
        if isList, let items = value.array {
            return items.lazy.compactMap(problem(withOne:)).first.map { "holds an item that \($0)" }
        }
        return problem(withOne: value)
    }

    private func problem(withOne value: JSON) -> String? {
        switch type {
        case .text, .any: return nil
        case .json:
            // Code fences are stripped when the text is read; what is no JSON without them is none with them.
            guard let text = value.string, !text.contains("```"), (try? JSON(parsing: text)) == nil else { return nil }
            return "must be JSON, not the text \(value.text.prefix(60))"
        case .number:
            if value.number != nil { return nil }
            let parsed = value.string.flatMap { try? JSON(parsing: String($0.filter { !$0.isWhitespace })) }
            return parsed?.number == nil ? "must be a number, not \(value.text.prefix(60))" : nil
        case .boolean:
            return value.bool != nil || value == "true" || value == "false"
                ? nil : "must be true or false, not \(value.text.prefix(60))"
        case .image, .video, .audio, .model3D, .file:
            return value.string != nil || value.object != nil
                ? nil : "must be media or its address, not a \(value.kind)"
        }
    }
}

extension Environment {
    /// What expressions of a workflow may use; which names exist is checked against the graph, with better messages.
    public static let workflow = Environment(hints: ["env": "Write `vars.NAME` for a workspace variable."])
}
