import Testing
import Values
import Workflows

/// Expressions of n8n, by way of a node that sets a field to one.
struct ImportExpressionTests {
    @Test(arguments: [
        ("={{ $json.a }}", "json.a"), (#"={{$json["a b"].c[0]}}"#, #"json["a b"].c[0]"#),
        ("={{ $input.item.json.a }}", "json.a"), ("={{ $input.first().json.a }}", "json.a"),
        ("={{ $('Go').item.json.x }}", #"nodes["go"].inputs.x"#),
        ("={{ $('Go').first().json.x }}", #"nodes["go"].inputs.x"#),
        ("={{ $node['Go'].json['x'] }}", #"nodes["go"].inputs["x"]"#), ("={{ $vars.A }}", "vars.A"),
        ("={{ $env.A }}", "vars.A"), ("={{ $now }}", "now()"), ("={{ $itemIndex }}", "0"),
        ("={{ $execution.id }}", "run.id"), ("={{ 5 }}", "5"), ("={{ 'it' }}", #""it""#), ("={{ true }}", "true"),
        ("=a {{ $json.a }} b", #""a " + string(json.a) + " b""#), ("=plain", #""plain""#),
        ("{{ $json.a }}", #""{{ $json.a }}""#), ("={{ $json.in }}", #"json["in"]"#),
        ("={{ $json.été }}", #"json["été"]"#), ("={{ $json }}", "json"), ("", #""""#),
    ])
    func `a path is translated`(expression: String, cel: String) throws {
        let read = try Self.read(expression)
        let node = try #require(read.graph.node("set"))
        #expect(node.setting("expression")?.string == #"{"v": \#(cel), "w": json.w}"#)
        #expect(read.findings.allSatisfy { $0.severity != .error }, "\(read.findings.map(\.message))")
    }

    @Test(arguments: [
        "={{ $json.a.length }}", "={{ $json.a + 1 }}", "={{ $json.a.toString() }}", "={{ $json?.a }}",
        "={{ $jsonx.a }}", "={{ $json.a", "={{ }}", "={{ $json[x] }}", #"={{ $json["a\"b"] }}"#,
        "={{ $('Set').item.json.x }}", "={{ $('Nobody').item.json.x }}", "={{ process.env.A }}",
        "={{ $json.a }} {{ alert(1) }}", "={{ $binary.data }}", "={{ $now.toISO() }}",
        "={{ $json[99999999999999999999] }}", "={{ [1].map(x => x) }}", "={{ $json.a || 'b' }}", #"={{ $env["A"] }}"#,
        "={{ $json.a) || (true }}", "={{ $json['a'].b }} }}{{", "={{ $('Go').all() }}", "={{ 0x10 }}", "={{ NaN }}",
    ])
    func `anything else makes a placeholder that keeps the text`(expression: String) throws {
        let read = try Self.read(expression)
        let node = try #require(read.graph.node("set"))
        #expect(node.nodeType == "utility:placeholder", "\(node.data["config"]?.text ?? "")")
        #expect(node.data["source"]?["parameters"]?["values"]?["string"]?[0]?["value"]?.string == expression)
        #expect(read.report.warnings.contains { $0.code == .expressionNotTranslated && $0.node == "set" })
    }

    private static func read(_ expression: String) throws -> WorkflowImport {
        let fields: JSON = [["name": "v", "value": .string(expression)], ["name": "w", "value": "={{ $json.w }}"]]
        let source: JSON = [
            "nodes": [
                ["id": "go", "name": "Go", "type": "n8n-nodes-base.manualTrigger", "parameters": [:]],
                [
                    "id": "set", "name": "Set", "type": "n8n-nodes-base.set", "typeVersion": 2,
                    "parameters": ["keepOnlySet": true, "values": ["string": fields]],
                ],
            ], "connections": ["Go": ["main": [[["node": "Set", "type": "main", "index": 0]]]]],
        ]
        return try WorkflowImport.read(source, catalog: importCatalog)
    }
}
