import Catalog
import FileSystem
import Values

/// `millrace nodes [TYPE]`: what nodes can do.
enum NodesCommand {
    static func run(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["catalog", "data", "config"], switches: ["json"])
        let settings = try Settings(arguments, environment: environment)
        let catalog = try Host.catalog(folder: settings.catalogFolder)
        guard let name = arguments.positional.first else {
            let types = catalog.nodeTypes.values.sorted { $0.id < $1.id }
            if arguments.has("json") {
                Console.print(JSON.array(types.map(\.source)).indentedText)
            } else {
                let width = types.map(\.id.count).max() ?? 0
                for type in types {
                    Console.print(
                        "\(type.id)\(String(repeating: " ", count: width - type.id.count + 2))\(type.description)"
                    )
                }
            }
            return 0
        }
        switch catalog.resolve(name) {
        case .exact(let type), .successor(let type), .retired(let type):
            Console.print(arguments.has("json") ? type.source.indentedText : description(type))
            return 0
        case nil:
            let near = catalog.suggestions(for: name)
            Console.error(
                "There is no node type \(name)."
                    + (near.isEmpty ? "" : " Did you mean \(near.joined(separator: ", "))?")
            )
            return 1
        }
    }

    private static func description(_ type: NodeType) -> String {
        var lines = ["\(type.id)  \(type.label)", type.description]
        if !type.inputs.isEmpty {
            lines.append("Inputs:")
            lines += type.inputs.map {
                "  \($0.id)  \($0.type.rawValue)\($0.isList ? " list" : "")\($0.isRequired ? ", required" : "")"
            }
        }
        if !type.parameters.isEmpty {
            lines.append("Parameters:")
            lines += type.parameters.map { parameter in
                var line = "  \(parameter.id)  \(parameter.type.rawValue)"
                if let value = parameter.defaultValue { line += ", default \(value.text)" }
                if !parameter.options.isEmpty {
                    line += ", one of \(parameter.options.map(\.text).joined(separator: " "))"
                }
                if let minimum = parameter.minimum { line += ", at least \(JSON.double(minimum).text)" }
                if let maximum = parameter.maximum { line += ", at most \(JSON.double(maximum).text)" }
                return line
            }
        }
        if !type.outputs.isEmpty {
            lines.append("Outputs:")
            lines += type.outputs.map { "  \($0.id)  \($0.type.rawValue)\($0.isList ? " list" : "")" }
        }
        if !type.offers.isEmpty {
            lines.append(
                "Served by: \(type.offers.map { $0.model.map { model in "\(model)" } ?? $0.provider }.joined(separator: ", "))"
            )
        }
        return lines.joined(separator: "\n")
    }
}
