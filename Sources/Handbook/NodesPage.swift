public import Catalog
import Values

extension Handbook {
    /// The page about the node types of a catalog, in Markdown.
    public static func nodes(_ catalog: Catalog) -> String {
        let types = catalog.nodeTypes.values.sorted { $0.id < $1.id }
        let families = Dictionary(grouping: types, by: \.family)
        var page = """
            # Node types

            <!-- Made by `millrace docs nodes` from the manifests in Catalog/; change those. -->

            \(types.count) types. Ports are `name TYPE`; `[]` takes or gives a list, `?` need not be set. Settings stand in
            `data.config`; every input port may be set there too. `millrace nodes TYPE` shows one of them, and `GET /api/v1/nodes`
            all.

            """
        for family in families.keys.sorted() {
            page += "\n## \(family)\n"
            for type in families[family] ?? [] { page += section(type) }
        }
        return page
    }

    private static func section(_ type: NodeType) -> String {
        var text = "\n### \(type.id)\n\n\(type.description)\n\n"
        if !type.aliases.isEmpty { text += "Also: \(type.aliases.map(code).joined(separator: ", ")).\n\n" }
        let inputs = type.inputs.map { port($0.id, $0.type, isList: $0.isList, isOptional: !$0.isRequired) }
        let outputs = type.outputs.map { port($0.id, $0.type, isList: $0.isList, isOptional: false) }
        let more = type.hasDynamicPorts ? ["ports of its own"] : []
        text += "Ports: \(list(inputs + more)) → \(list(outputs + more)).\n"
        if !type.isComputed {
            text +=
                "Served by: \(type.offers.map { code($0.isLocal ? "local" : $0.provider) }.joined(separator: ", ")).\n"
        }
        if !type.parameters.isEmpty {
            text += "\n| setting | type | what it is |\n| --- | --- | --- |\n"
            for parameter in type.parameters { text += row(parameter) }
        }
        for example in type.examples {
            let parts = [("config", example.config), ("inputs", example.inputs)]
                .filter { !$0.1.isEmpty }.map { "\($0.0) \(JSON.object($0.1).text)" }
            text +=
                "\n```text\n\((parts + ["gives \(JSON.object(example.outputs).text)"]).joined(separator: "\n"))\n```\n"
        }
        return text
    }

    private static func port(_ id: String, _ type: PortType, isList: Bool, isOptional: Bool) -> String {
        code("\(id) \(type.rawValue)\(isList ? "[]" : "")\(isOptional ? "?" : "")")
    }

    private static func list(_ ports: [String]) -> String { ports.isEmpty ? "none" : ports.joined(separator: ", ") }

    private static func row(_ parameter: Parameter) -> String {
        var facts: [String] = []
        if let description = parameter.description { facts.append(description) }
        if !parameter.options.isEmpty {
            facts.append("One of \(parameter.options.map { code($0.string ?? $0.text) }.joined(separator: ", ")).")
        }
        if let range = range(parameter) { facts.append(range) }
        if let standard = parameter.defaultValue { facts.append("Standard: \(code(standard.text)).") }
        if parameter.isRequired { facts.append("Required.") }
        if parameter.expression != nil { facts.append("An expression.") }
        if parameter.isTemplate { facts.append("A template.") }
        let cells = [code(parameter.id), parameter.type.rawValue, facts.joined(separator: " ")]
        return "| \(cells.map { $0.replacing("\n", with: " ") }.joined(separator: " | ")) |\n"
    }

    private static func range(_ parameter: Parameter) -> String? {
        func text(_ number: Double) -> String { JSON.double(number).text }
        let unit = parameter.unit.map { " \($0)" } ?? ""
        return switch (parameter.minimum, parameter.maximum) {
        case (let least?, let most?): "From \(text(least)) to \(text(most))\(unit)."
        case (let least?, nil): "At least \(text(least))\(unit)."
        case (nil, let most?): "At most \(text(most))\(unit)."
        case (nil, nil): unit.isEmpty ? nil : "In\(unit)."
        }
    }
}
