import Catalog
import Foundation
import TestSupport
import Testing
import Values
import Workflows

/// Breaks graphs that are right, one place at a time: each must be refused, and the place named.
struct BrokenGraphTests {
    @Test(arguments: 0..<25)
    func `a graph that was broken is refused with the place`(seed: UInt64) throws {
        let catalog = try Catalog(BuiltInCatalog.documents)
        let graphs = try Self.graphs(catalog)
        var random = SplitMix64(seed: seed)
        var made = 0
        while made < 100 {
            let graph = try #require(graphs.randomElement(using: &random))
            let damage = try #require(GraphDamage.allCases.randomElement(using: &random))
            guard let (broken, place) = damage.applied(to: graph, catalog, &random) else { continue }
            made += 1
            let named = Self.places(named: broken, catalog)
            #expect(named.contains(place), "\(damage) at \(place), named: \(named); \(broken.text.prefix(2000))")
        }
    }

    /// The identifiers and numbers of everything that a check calls wrong.
    private static func places(named json: JSON, _ catalog: Catalog) -> Set<String> {
        do {
            let settings = try WorkflowSettings(json: json["settings"] ?? [:])
            let graph = try Graph(nodes: json["nodes"] ?? .null, edges: json["edges"] ?? .null, settings: settings)
            let errors = graph.findings(catalog: catalog, for: .running).filter { $0.severity == .error }
            return Set(errors.flatMap { [$0.node, $0.edge, $0.path].compactMap { $0 } })
        } catch GraphError.notAnObject(_, let index), GraphError.nodeWithoutID(let index),
            GraphError.edgeWithoutEnd(let index)
        {
            return ["\(index)"]
        } catch GraphError.badSetting(let name, _) {
            return [name]
        } catch {
            return ["\(error)"]
        }
    }

    /// The templates that come with Millrace, and graphs of every node type that the engine computes.
    private static func graphs(_ catalog: Catalog) throws -> [JSON] {
        let folder = URL(filePath: "Catalog/templates")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let templates = try files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.map { file in
            try JSON(parsing: Array(Data(contentsOf: file)))
        }
        let chains = catalog.nodeTypes.values.sorted { $0.id < $1.id }.filter { !$0.examples.isEmpty }.compactMap {
            type -> JSON? in
            guard let example = type.examples.first, type.kind != .input else { return nil }
            var config = example.config
            for input in example.inputs where type.input(input.key) != nil { config[input.key] = input.value }
            return [
                "nodes": [
                    ["id": "first", "data": ["nodeType": "input:text", "config": ["text": "x"]]],
                    ["id": "second", "data": ["nodeType": .string(type.id), "config": .object(config)]],
                ],
                "edges": [["id": "e", "source": "first", "target": "second", "targetHandle": "in-_after"]],
            ]
        }
        let right = (templates + chains).filter { places(named: $0, catalog).isEmpty }
        try #require(right.count > 20)
        return right
    }
}
