import Catalog
import Testing
import Values
import Workflows

/// A node type of each kind, a vendor without a highest price, and one with a small window.
let testCatalog: Catalog = {
    do {
        let containers = BuiltInCatalog.documents.filter { document in
            ["loop", "try", "gate"].contains { document.file.hasSuffix("logic/\($0).json") }
        }
        return try Catalog([Catalog.Document(file: "test.json", bytes: Array(types.utf8))] + containers)
    } catch {
        preconditionFailure("\(error)")
    }
}()

/// A node; `data` holds further members of its data.
func node(_ id: String, _ type: String, _ config: JSON = [:], data: JSON = [:]) -> JSON {
    ["id": .string(id), "data": (["nodeType": .string(type), "config": config] as JSON).merging(data)]
}

/// An edge between ends such as `a.text`; `more` holds further members.
func edge(_ source: String, _ target: String, _ more: JSON = [:]) -> JSON {
    func parts(_ end: String) -> [String] { end.split(separator: ".").map(String.init) }
    let (from, to) = (parts(source), parts(target))
    var object: JSONObject = [
        "id": .string("\(source)>\(target)"), "source": .string(from[0]), "target": .string(to[0]),
    ]
    if from.count > 1 { object["sourceHandle"] = .string("out-\(from[1])") }
    if to.count > 1 { object["targetHandle"] = .string("in-\(to[1])") }
    return JSON.object(object).merging(more)
}

/// A graph of these nodes and edges.
func graph(_ nodes: [JSON], _ edges: [JSON] = [], settings: JSON = [:]) throws -> Graph {
    try Graph(nodes: .array(nodes), edges: .array(edges), settings: WorkflowSettings(json: settings))
}

extension Graph {
    func check(workspace: Workspace = Workspace(), for purpose: Compiler.Purpose = .running) -> [Violation] {
        findings(catalog: testCatalog, workspace: workspace, for: purpose)
    }

    func plan() throws -> Plan {
        let outcome = Compiler.compile(self, hash: try #require(hash), catalog: testCatalog, for: .running)
        return try #require(outcome.plan, "\(outcome.findings.map(\.message))")
    }
}

private let types = """
    [
     {"kind": "provider", "id": "vendor", "baseUrl": "https://vendor.example",
      "calls": {"submit": {"method": "POST", "url": "/x", "body": {"json": {}}}}},
     {"kind": "node", "type": "input:text", "params": [{"id": "text", "type": "TEXT", "aliases": ["value"]}],
      "outputs": [{"id": "text", "type": "TEXT", "aliases": ["value"]}]},
     {"kind": "node", "type": "input:secret_ref", "params": [{"id": "name", "type": "TEXT"}]},
     {"kind": "node", "type": "input:number", "params": [{"id": "number", "type": "NUMBER"}],
      "outputs": [{"id": "number", "type": "NUMBER"}]},
     {"kind": "node", "type": "input:list", "params": [{"id": "items", "type": "JSON"}],
      "outputs": [{"id": "items", "type": "TEXT", "list": true}]},
     {"kind": "node", "type": "input:image", "params": [{"id": "image", "type": "IMAGE"}],
      "outputs": [{"id": "image", "type": "IMAGE"}]},
     {"kind": "node", "type": "llm:chat", "aliases": ["llm:old_chat"],
      "inputs": [{"id": "prompt", "type": "TEXT", "required": true}, {"id": "images", "type": "IMAGE", "list": true}],
      "params": [{"id": "temperature", "type": "NUMBER", "min": 0, "max": 2},
       {"id": "style", "type": "TEXT", "options": ["short", "long"]},
       {"id": "max_tokens", "type": "NUMBER", "default": 100}, {"id": "model", "type": "TEXT", "default": "small"}],
      "outputs": [{"id": "text", "type": "TEXT"}, {"id": "usage", "type": "JSON"}],
      "offers": [{"id": "a", "provider": "vendor", "output": {"text": {"text": "body.text"}},
        "price": {"upper": "1"}, "vars": {"window": {"small": 1000}}}]},
     {"kind": "node", "type": "llm:many", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
      "outputs": [{"id": "texts", "type": "TEXT", "list": true}],
      "offers": [{"id": "a", "provider": "vendor", "output": {"texts": {"list": "body.texts", "item": {"text": "item"}}},
        "price": {"unbounded": true}}]},
     {"kind": "node", "type": "llm:gone", "outputs": [{"id": "text", "type": "TEXT"}],
      "lifecycle": {"status": "retired"}},
     {"kind": "node", "type": "edit:image",
      "inputs": [{"id": "image", "type": "IMAGE", "required": true}, {"id": "scale", "type": "NUMBER"},
       {"id": "exact", "type": "BOOLEAN"}, {"id": "data", "type": "JSON"}],
      "outputs": [{"id": "image", "type": "IMAGE"}], "offers": [{"id": "a", "provider": "local", "tool": "resize"}]},
     {"kind": "node", "type": "video:make", "inputs": [{"id": "frames", "type": "IMAGE", "list": true}],
      "outputs": [{"id": "video", "type": "VIDEO"}],
      "offers": [{"id": "a", "provider": "local", "tool": "video_concat"}]},
     {"kind": "node", "type": "process:fetch_media", "inputs": [{"id": "url", "type": "TEXT", "required": true}],
      "outputs": [{"id": "media", "type": "ANY"}], "offers": [{"id": "f", "provider": "local", "tool": "fetch"}]},
     {"kind": "node", "type": "logic:if", "inputs": [{"id": "value", "type": "ANY"}],
      "params": [{"id": "condition", "type": "ANY", "expression": "value", "required": true}],
      "outputs": [{"id": "true", "type": "ANY", "branch": true}, {"id": "false", "type": "ANY", "branch": true}]},
     {"kind": "node", "type": "blueprint:invoke", "dynamicPorts": true,
      "params": [{"id": "workflow", "type": "TEXT", "required": true}, {"id": "inputs", "type": "JSON"}],
      "outputs": [{"id": "output", "type": "ANY"}]},
     {"kind": "node", "type": "logic:switch", "dynamicPorts": true, "inputs": [{"id": "value", "type": "ANY"}],
      "params": [{"id": "on", "type": "ANY", "expression": "value"}, {"id": "cases", "type": "JSON"}],
      "outputs": [{"id": "default", "type": "ANY", "branch": true}]},
     {"kind": "node", "type": "logic:filter",
      "inputs": [{"id": "items", "type": "ANY", "list": true, "required": true}],
      "params": [{"id": "condition", "type": "ANY", "expression": "item", "required": true}],
      "outputs": [{"id": "items", "type": "ANY", "list": true}]},
     {"kind": "node", "type": "logic:merge",
      "inputs": [{"id": "inputs", "type": "ANY", "list": true, "joins": true, "required": true}],
      "params": [{"id": "mode", "type": "TEXT", "options": ["all", "any", "first", "append", "zip"], "default": "all"}],
      "outputs": [{"id": "value", "type": "ANY"}, {"id": "items", "type": "ANY", "list": true}]},
     {"kind": "node", "type": "iterator:collect",
      "inputs": [{"id": "item", "type": "ANY", "list": true, "required": true}],
      "outputs": [{"id": "items", "type": "ANY", "list": true}]},
     {"kind": "node", "type": "utility:template", "dynamicPorts": true,
      "params": [{"id": "template", "type": "TEXT", "template": true}], "outputs": [{"id": "text", "type": "TEXT"}]},
     {"kind": "node", "type": "action:request", "sideEffects": true,
      "params": [{"id": "url", "type": "TEXT", "required": true}, {"id": "key", "type": "TEXT", "secret": true}],
      "outputs": [{"id": "body", "type": "TEXT"}],
      "offers": [{"id": "a", "provider": "vendor", "output": {"body": {"text": "body.x"}},
        "price": {"upper": "1"}}]},
     {"kind": "node", "type": "output:value", "inputs": [{"id": "value", "type": "ANY"}], "outputs": []}
    ]
    """
