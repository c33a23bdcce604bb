import Catalog
import Testing
import Values
import Workflows

/// The fallbacks of a node are checked when the graph is.
struct FallbackTests {
    private static let catalog = """
        [{"kind": "provider", "id": "v", "baseUrl": "https://v.example"},
         {"kind": "node", "type": "llm:a", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
          "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "x", "provider": "v"}]},
         {"kind": "node", "type": "llm:b", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
          "params": [{"id": "size", "type": "NUMBER", "min": 1, "max": 4, "default": 2}],
          "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "x", "provider": "v"}, {"id": "y", "provider": "v"}]},
         {"kind": "node", "type": "llm:other", "inputs": [{"id": "prompt", "type": "TEXT"}],
          "outputs": [{"id": "image", "type": "IMAGE"}], "offers": [{"id": "x", "provider": "v"}]},
         {"kind": "node", "type": "llm:needy", "inputs": [{"id": "picture", "type": "IMAGE", "required": true}],
          "outputs": [{"id": "text", "type": "TEXT"}], "offers": [{"id": "x", "provider": "v"}]},
         {"kind": "node", "type": "utility:c", "inputs": [{"id": "prompt", "type": "TEXT"}],
          "outputs": [{"id": "text", "type": "TEXT"}]}]
        """

    private func compile(_ fallbacks: String) throws -> Compiler.Outcome {
        let catalog = try Catalog([Catalog.Document(file: "t.json", bytes: Array(Self.catalog.utf8))])
        let nodes = """
            [{"id": "a", "data": {"nodeType": "llm:a", "config": {"prompt": "x"}, "policy": {"fallbacks": \(fallbacks)}}}]
            """
        let graph = try Graph(nodes: JSON(parsing: nodes), edges: [], settings: WorkflowSettings())
        return Compiler.compile(graph, hash: try #require(graph.hash), catalog: catalog, for: .running)
    }

    @Test func `a fallback serves with all its offers and its own settings`() throws {
        let node = try #require(compile(#"[{"nodeType": "llm:b", "params": {"size": 3}}]"#).plan?.nodes.first)
        #expect(node.ways.map { "\($0.type.id) \($0.offer.id)" } == ["llm:a x", "llm:b x", "llm:b y"])
        guard case .literal(3) = node.fallbacks[0].parameters[0].binding else {
            Issue.record("the setting is lost")
            return
        }
    }

    @Test(arguments: [
        (#"[{"nodeType": "llm:nothing"}]"#, GraphRule.unknownNodeType),
        (#"[{"nodeType": "llm:other"}]"#, .typeMismatch),
        (#"[{"nodeType": "llm:needy"}]"#, .typeMismatch), (#"[{"nodeType": "utility:c"}]"#, .typeMismatch),
        (#"[{"nodeType": "llm:b", "params": {"size": 9}}]"#, .badConfig),
        (#"[{"nodeType": "llm:b", "params": {"colour": 9}}]"#, .badConfig), (#"[{}]"#, .badConfig),
        (#""llm:b""#, .badConfig),
    ])
    func `what cannot take the place of a node is refused`(fallbacks: String, rule: GraphRule) throws {
        let findings = try compile(fallbacks).findings
        #expect(findings.map(\.rule) == [rule])
        #expect(findings.allSatisfy { $0.path?.hasPrefix("policy.fallbacks") == true && $0.fix != nil })
    }
}
