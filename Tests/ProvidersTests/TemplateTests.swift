import Catalog
import Engine
import Providers
import Testing
import Values
import Workflows

/// Every template of the built-in catalog, run from its inputs to its results without a vendor or a network.
@Suite(.timeLimit(.minutes(3)))
struct TemplateTests {
    let bench: ToolBench
    let catalog: Catalog

    init() throws {
        bench = try ToolBench()
        catalog = try Catalog(BuiltInCatalog.documents)
    }

    private func plan(_ template: Template) throws -> Plan {
        let graph = try Graph(
            nodes: template.nodes,
            edges: template.edges,
            settings: WorkflowSettings(json: template.settings)
        )
        let outcome = Compiler.compile(graph, hash: try #require(graph.hash), catalog: catalog, for: .running)
        #expect(outcome.findings == [], "\(template.id)")
        return try #require(outcome.plan)
    }

    /// The values at the output nodes when the run has ended.
    private func run(_ id: String, _ inputs: [String: String] = [:]) async throws -> [String: Value] {
        let template = try #require(catalog.template(id))
        let plan = try plan(template)
        var facts = RunFacts(
            execution: ExecutionID(high: 1, low: 1),
            account: AccountID(high: 1, low: 2),
            workflow: WorkflowID(high: 1, low: 3),
            version: nil,
            revision: 1,
            createdAt: ToolBench.now
        )
        facts.sandbox = plan.settings.sandbox
        #expect(facts.sandbox == .whenMissing)
        for (node, text) in inputs { facts.values[node] = ["text": .text(text)] }
        var run = Run(plan: plan, facts: facts)
        var random = SystemRandomNumberGenerator()
        var waiting: [RunInput] = [.accepted]
        while !waiting.isEmpty {
            let decision = run.step(waiting.removeFirst(), now: ToolBench.now, random: &random)
            for effect in decision.effects {
                switch effect {
                case .admit(let address): waiting.append(.admitted(address, grant(plan, address)))
                case .perform(let address, let attempt):
                    let outputs = try await answer(run, address)
                    waiting.append(
                        .finished(address, attempt: attempt, .succeeded(outputs: outputs, cost: .zero, requestID: nil))
                    )
                case .takeUp, .resolve, .notify, .abort: Issue.record("\(effect)")
                }
            }
        }
        #expect(run.end?.phase == .completed, "\(String(describing: run.end))")
        var results: [String: Value] = [:]
        for node in run.view.nodes where plan.nodes[plan.place(of: node.id) ?? 0].type.family == "output" {
            results[node.id] = node.outputs["value"]
        }
        return results
    }

    private func grant(_ plan: Plan, _ address: Address) -> Grant {
        let offer = plan.nodes[address.node].type.offers.first
        return Grant(
            offer: offer?.id ?? "",
            provider: offer?.provider ?? "",
            model: offer?.model,
            manifest: nil,
            upper: .zero,
            deadline: ToolBench.now + .seconds(600),
            isSandbox: offer?.isLocal == false
        )
    }

    private func answer(_ run: Run, _ address: Address) async throws -> [String: Value] {
        let type = run.plan.nodes[address.node].type
        let prepared = try run.prepare(address, now: ToolBench.now)
        if let tool = type.offers.first?.tool.flatMap(LocalTool.init) {
            return try await bench.run(tool, prepared.inputs, prepared.parameters)
        }
        return try await Sandbox(assets: bench.assets, tools: bench.tools).answer(
            for: type,
            inputs: prepared.inputs,
            parameters: prepared.parameters,
            deadline: ToolBench.now + .seconds(60),
            now: { ToolBench.now }
        )
    }

    private func reading(_ value: Value?) async throws -> String {
        let image = try #require(value?.media.first)
        return try await bench.reading(image).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    @Test func `is complete, can be compiled without a warning and is drawn from left to right`() throws {
        #expect(
            catalog.templates.map(\.id) == [
                "narrated-explainer-poster", "image-upscale", "product-copy-image", "classify-route",
                "narrated-explainer",
            ]
        )
        for template in catalog.templates {
            let plan = try plan(template)
            #expect(!template.name.isEmpty && template.description.hasSuffix(".") && !template.tags.isEmpty)
            var places: [String: (x: Double, y: Double)] = [:]
            for node in template.nodes.array ?? [] {
                let position = try #require(node["position"])
                places[try #require(node["id"]?.string)] = (
                    try #require(position["x"]?.number), try #require(position["y"]?.number)
                )
            }
            for edge in plan.edges {
                let (source, target) = (plan.nodes[edge.source].id, plan.nodes[edge.target].id)
                let (left, right) = (try #require(places[source]), try #require(places[target]))
                #expect(left.x < right.x, "\(template.id): \(source) → \(target)")
            }
            for (id, place) in places {
                let near = places.filter { $0.key != id && $0.value.x == place.x && abs($0.value.y - place.y) < 100 }
                #expect(near.isEmpty, "\(template.id): \(id) lies on \(near.keys)")
            }
        }
    }

    @Test(.enabled(if: Installed.images))
    func `writes copy and makes a picture of it`() async throws {
        let results = try await run("product-copy-image", ["product": "A kettle shaped like a swan"])
        let copy = try #require(results["copy_result"]?.text)
        #expect(copy.contains("A kettle shaped like a swan"))
        let picture = try await reading(results["image_result"])
        #expect(picture.contains("kettle shaped like a swan"), "\(picture)")
    }

    @Test(.enabled(if: Installed.films))
    func `makes a film of a topic`() async throws {
        let results = try await run("narrated-explainer", ["topic": "glaciers in Norway"])
        let script = try #require(results["script_result"]?.text)
        #expect(script.contains("glaciers in Norway"))
        let film = try #require(results["film_result"]?.media.first)
        #expect(film.mimeType == "video/mp4" && film.width == 1280 && film.height == 720)
        #expect((3000...20_000).contains(film.durationMs ?? 0))
        let frame = try await bench.run(.frames, ["video": .media(film)], ["mode": "first"])
        let read = try await reading(frame["images"])
        #expect(read == script, "\(read)")
    }

    @Test(.enabled(if: Installed.images && Installed.sounds))
    func `makes a poster and a voice of a topic`() async throws {
        let results = try await run("narrated-explainer-poster", ["topic": "rivers of ice"])
        let script = try #require(results["script_result"]?.text)
        #expect(script.contains("rivers of ice"))
        let read = try await reading(results["poster_result"])
        #expect(read == script, "\(read)")
        let voice = try #require(results["voice_result"]?.media.first)
        #expect(voice.mimeType == "audio/wav" && (voice.durationMs ?? 0) > 3000)
    }

    @Test(.enabled(if: Installed.images))
    func `makes a picture and enlarges it`() async throws {
        let results = try await run("image-upscale", ["prompt": "A red door"])
        let image = try #require(results["result"]?.media.first)
        #expect(image.width == 2048 && image.height == 2048)
        #expect(try await reading(results["result"]).contains("A red door"))
    }

    @Test(arguments: [
        ("This is a complaint: the lamp is broken.", "complaint", "sandbox"),
        ("Full of praise for your lamp!", "praise", "Thank you for your kind words"),
        ("A question: does it come in green?", "question", "does it come in green"),
    ])
    func `sorts a message and answers it`(message: String, kind: String, reply: String) async throws {
        let results = try await run("classify-route", ["message": message])
        #expect(results["kind"]?.text == kind)
        #expect(results["reply"]?.text?.contains(reply) == true, "\(results)")
    }
}
