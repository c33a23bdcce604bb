import Catalog
import Engine
import TestSupport
import Testing
import Values
import Workflows

/// Runs the examples of the built-in manifests: each as a workflow of one node.
struct NodeExampleTests {
    @Test(arguments: examples)
    func `a node makes what its example says`(type: String, number: Int) throws {
        let (made, example) = try run(type, number)
        #expect(made == .object(example.outputs), "\(type): \(made.text)")
    }

    @Test(arguments: [
        ("input:csv", #"{"text": "a,b\n\"x"}"#, "{}", "not closed"),
        ("input:csv", #"{"text": "a,a\n"}"#, "{}", "same name"),
        ("input:csv", #"{"text": "a\n1,2\n"}"#, "{}", "row 2 has 2 fields"),
        ("iterator:batch", #"{"size": 0}"#, #"{"items": [1]}"#, "whole number from 1"),
        ("iterator:product", "{}", #"{"lists": {"a": 1}}"#, "object of lists"),
        ("iterator:reduce", #"{"expression": "value + item"}"#, #"{"items": [1]}"#, "item 0"),
        ("utility:random_seed", #"{"mode": "fixed"}"#, "{}", "needs a seed"),
        ("utility:placeholder", "{}", "{}", "not known here"),
        ("logic:filter", #"{"condition": "item"}"#, #"{"items": ["x"]}"#, "neither true nor false"),
    ])
    func `a node says what is wrong`(type: String, config: String, inputs: String, reason: String) throws {
        let run = try Self.run(
            type,
            JSON(parsing: config).object ?? JSONObject(),
            JSON(parsing: inputs).object ?? JSONObject(),
            []
        )
        #expect(run.end?.phase == .failed)
        #expect(run.end?.error?.message.contains(reason) == true, "\(run.end?.error?.message ?? "")")
    }

    @Test func `makes no more combinations than a list may have`() throws {
        let column = JSON.array((0..<101).map { .int($0) })
        let run = try Self.run("iterator:product", JSONObject(), ["lists": [column, column]], [])
        #expect(run.end?.error?.message.contains("more than 10000") == true)
    }

    @Test func `replaces no more than a text may hold`() throws {
        let config: JSONObject = ["search": "a", "replacement": .string(String(repeating: "b", count: 1000))]
        let text = JSON.string(String(repeating: "a", count: 5000))
        let run = try Self.run("utility:text_replace", config, ["text": text], [])
        #expect(run.end?.error?.message.contains("larger than") == true)
    }

    // MARK: Running one node

    private static let catalog = Result { try Catalog(BuiltInCatalog.documents) }

    private static var examples: [(String, Int)] {
        guard case .success(let catalog) = catalog else { return [] }
        return catalog.nodeTypes.values.sorted { $0.id < $1.id }.filter(\.isComputed).flatMap { type in
            type.examples.indices.map { (type.id, $0) }
        }
    }

    private func run(_ type: String, _ number: Int) throws -> (JSON, NodeExample) {
        let example = try #require(try Self.catalog.get().nodeTypes[type]?.examples[number])
        let run = try Self.run(type, example.config, example.inputs, example.outputs.keys)
        #expect(run.end?.phase == .completed, "\(type): \(run.end?.error?.message ?? "")")
        let outputs = run.nodeRun(Address(node: 0))?.outputs ?? [:]
        let members = outputs.map { JSONObject.Member(key: $0.key, value: $0.value.asJSON) }
        return (.object(JSONObject(members)), example)
    }

    private static func run(
        _ name: String,
        _ config: JSONObject,
        _ inputs: JSONObject,
        _ outputs: [String]
    ) throws -> Run {
        let catalog = try catalog.get()
        let type = try #require(catalog.nodeTypes[name])
        // Ports that the manifest leaves to the node are declared.
        let ports = inputs.keys.filter { type.input($0) == nil }.map {
            JSON.object(["id": .string($0), "type": "ANY"])
        }
        let more = outputs.filter { type.output($0) == nil }.map {
            JSON.object(["id": .string($0), "type": "ANY", "branch": true])
        }
        let node: JSON = [
            "id": "node",
            "data": [
                "nodeType": .string(name), "config": .object(config), "inputs": .array(ports), "outputs": .array(more),
            ],
        ]
        let graph = try Graph(nodes: [node], edges: [], settings: WorkflowSettings(json: [:]))
        // Nothing is wired: required inputs come from the run.
        let outcome = Compiler.compile(graph, hash: try #require(graph.hash), catalog: catalog, for: .saving)
        let plan = try #require(outcome.plan, "\(outcome.findings)")
        let now = Instant(microseconds: 1_700_000_000_000_000)
        var facts = RunFacts(
            execution: ExecutionID(high: 1, low: 1),
            account: AccountID(high: 1, low: 2),
            workflow: WorkflowID(high: 1, low: 3),
            version: nil,
            revision: 1,
            createdAt: now
        )
        facts.values["node"] = Dictionary(
            uniqueKeysWithValues: inputs.map { member in
                guard type.input(member.key)?.isList == true, let items = member.value.array else {
                    return (member.key, .json(member.value))
                }
                return (member.key, .list(items.map(Value.json)))
            }
        )
        var run = Run(plan: plan, facts: facts)
        var random = SplitMix64(seed: 1)
        _ = run.step(.accepted, now: now, random: &random)
        return run
    }
}
