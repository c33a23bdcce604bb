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
        ("utility:math", #"{"operation": "divide"}"#, #"{"a": 1, "b": 0}"#, "divided by 0"),
        ("utility:math", #"{"operation": "multiply"}"#, #"{"a": 1e300, "b": 1e300}"#, "no number"),
        ("utility:sort", "{}", #"{"items": [1, [2]]}"#, "item 1"),
        ("utility:aggregate", "{}", #"{"items": [1, "x"]}"#, "item 1"),
        ("utility:json_merge", "{}", #"{"items": [{}, 1]}"#, "only objects"),
        ("utility:base64", #"{"mode": "decode"}"#, #"{"value": "/w=="}"#, "UTF-8"),
        ("utility:date_format", "{}", #"{"date": "2026"}"#, "is no date"),
        ("utility:date_format", "{}", #"{"date": 1e300}"#, "is no date"),
        ("utility:date_format", #"{"format": "yyyyy"}"#, #"{"date": "2026-11-20"}"#, "format is wrong"),
        ("utility:date_format", #"{"timeZone": "Mars/Base"}"#, #"{"date": "2026-11-20"}"#, "no time zone"),
        ("utility:schema_validate", #"{"schema": {"type": "nonsense"}}"#, #"{"data": 1}"#, "/type"),
        ("utility:schema_validate", #"{"schema": {"type": "string"}}"#, #"{"data": 1}"#, "must be string"),
        ("utility:regex", #"{"pattern": "x", "required": true}"#, #"{"text": "y"}"#, "matches nowhere"),
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

    @Test(arguments: [
        ("utility:math", #"{"operation": "round"}"#, #"{"a": 2.5, "b": 1e300}"#, #"{"value": 2.5}"#),
        ("utility:math", #"{"operation": "round"}"#, #"{"a": 1e308, "b": -5}"#, #"{"value": 1e308}"#),
        (
            "utility:sort", "{}", #"{"items": [9007199254740993, 9007199254740992, 1.5]}"#,
            #"{"items": [1.5, 9007199254740992, 9007199254740993]}"#
        ),
        (
            "utility:sort", #"{"order": "descending"}"#, #"{"items": [null, "b", 1, true, "a"]}"#,
            #"{"items": ["b", "a", 1, true, null]}"#
        ),
        (
            "utility:aggregate", "{}", #"{"items": [9007199254740993, 1]}"#,
            #"{"data": {"count": 2, "sum": 9007199254740994, "average": 4503599627370497, "min": 1, "max": 9007199254740993}}"#
        ),
        ("utility:text_split", "{}", #"{"text": "a\r\nb\r\nc"}"#, #"{"items": ["a", "b", "c"]}"#),
        (
            "utility:text_replace", #"{"search": "\n", "replacement": "|"}"#, #"{"text": "a\r\nb"}"#,
            #"{"text": "a\r|b"}"#
        ),
        (
            "utility:date_format", #"{"format": "h 'o''clock' ''"}"#, #"{"date": "2026-11-20T14:00:00Z"}"#,
            #"{"text": "2 o'clock '"}"#
        ),
    ])
    func `a node is right at the edges`(type: String, config: String, inputs: String, outputs: String) throws {
        let run = try Self.run(
            type,
            JSON(parsing: config).object ?? JSONObject(),
            JSON(parsing: inputs).object ?? JSONObject(),
            []
        )
        let made = run.nodeRun(Address(node: 0))?.outputs ?? [:]
        let members = made.map { JSONObject.Member(key: $0.key, value: $0.value.asJSON) }
        #expect(try JSON.object(JSONObject(members)) == JSON(parsing: outputs), "\(run.end?.error?.message ?? "")")
    }

    @Test func `carries no large value through many items`() throws {
        let list = JSON.array((0..<5_000).map { .int($0) })
        let run = try Self.run("iterator:reduce", ["expression": "value", "initial": list], ["items": list], [])
        #expect(run.end?.error?.message.contains("too much work") == true)
    }

    /// Numbers, texts and lists at the ends of what there is.
    private static let extremes: [JSON] = [
        .int(.max), .int(.min), .uint(.max), 1e300, -1e300, 0.0, .digits("123456789012345678901234567890"), "", "\u{0}",
        [], [[]], [:], nil, true, [nil, 1, "x"], .string(String(repeating: "x", count: 5000)), 9_999_999_999_999,
    ]

    @Test func `no node that computes falls over extreme values`() throws {
        let catalog = try Self.catalog.get()
        for type in catalog.nodeTypes.values.sorted(by: { $0.id < $1.id }) where Computation.exists(for: type.id) {
            // What holds other nodes, or names them, is nothing alone.
            if ["logic:loop", "logic:try", "logic:gate"].contains(type.id) { continue }
            let config = type.examples.first?.config ?? JSONObject()
            for value in Self.extremes {
                for input in type.inputs {
                    var inputs = type.examples.first?.inputs ?? JSONObject()
                    inputs[input.id] = value
                    _ = try Self.run(type.id, config, inputs, [])
                }
                for parameter in type.parameters
                where parameter.problem(with: value) == nil && parameter.expression == nil {
                    var changed = config
                    changed[parameter.id] = value
                    _ = try? Self.run(type.id, changed, type.examples.first?.inputs ?? JSONObject(), [])
                }
            }
        }
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
