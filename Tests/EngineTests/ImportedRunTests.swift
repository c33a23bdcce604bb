import Catalog
import Engine
import Foundation
import TestSupport
import Testing
import Values
import Workflows

/// Imported workflows without placeholders run, and give what they gave where they come from.
struct ImportedRunTests {
    @Test func `conditions and fields are applied to each item, and the items are brought together`() throws {
        let run = try run(
            "n8n/orders",
            #"""
            {"shop": "Kiosk", "orders": [{"id": 1, "total": 150}, {"id": 2, "total": 50}, {"id": 3, "total": 300,
             "note": "gift"}, {"id": 4, "total": 100, "note": ""}]}
            """#
        )
        let result = try #require(output("all-object", "value", of: run))
        #expect(
            result == [
                "orders": [
                    ["id": 1, "total": 150, "size": "large", "text": "1 of Kiosk"], ["size": "small", "id": 2],
                    ["size": "small", "id": 3],
                    ["id": 4, "total": 100, "note": "", "size": "large", "text": "4 of Kiosk"],
                ]
            ]
        )
    }

    @Test func `a loop over batches becomes a walk, and goes on with all items at its end`() throws {
        let run = try run("n8n/loop", #"{"names": ["A", "B", "C", "D", "E"]}"#)
        let id = "9d3c0a52-4b8e-4b0f-8f6e-0a0a0a0a0006"
        #expect(
            output(id, "items", of: run) == [
                ["greeting": "Hello A!"], ["greeting": "Hello B!"], ["greeting": "Hello D!"], ["greeting": "Hello E!"],
            ]
        )
    }

    @Test(arguments: [
        (#"{"kind": "FRUIT", "count": 9, "tags": []}"#, #"[{"kind": "FRUIT", "count": 9, "tags": [], "way": "a"}]"#),
        (#"{"kind": "x", "count": "2", "tags": []}"#, #"[{"way": "b", "n": 7, "ok": true}]"#),
        (#"{"kind": "x", "count": 9, "tags": [1, 2]}"#, #"[{"way": "b", "n": 7, "ok": true}]"#),
        (#"{"kind": "x", "count": 9, "tags": [1]}"#, #"[{"kind": "x", "count": 9, "tags": [1]}]"#),
    ])
    func `a switch takes the first way whose rule holds`(inputs: String, joined: String) throws {
        let run = try run("n8n/switch-merge", inputs)
        #expect(try output("m", "items", of: run) == JSON(parsing: joined))
        // The node after it runs once for each item.
        #expect(output("e", "value", of: run) == [["done": true, "list": [1, 2.5, nil]]])
    }

    @Test func `a workflow of ours runs after its round trip`() throws {
        let run = try run("reactflow/export", "{}")
        #expect(output("b", "value", of: run) == 8)
    }

    @Test func `a placeholder fails and names the type that is to stand there`() throws {
        let run = try run("n8n/javascript", #"{"name": "x"}"#, ends: .failed)
        #expect(run.view.nodes.first { $0.id == "e1" }?.status == "FAILED")
        #expect(run.end?.error?.message.contains("utility:json_build") == true, "\(run.end?.error?.message ?? "")")
    }

    @Test(arguments: N8nFlow.all)
    func `a workflow of n8n gives what it gave there`(flow: N8nFlow) throws {
        let run = try run(importing: flow.source, flow.inputs)
        let items = output("End", "value", of: run) ?? []
        #expect(try (items.array == nil ? [items] : items) == JSON(parsing: flow.items))
    }

    // MARK: Running

    private func run(_ name: String, _ inputs: String, ends phase: RunEnd.Phase = .completed) throws -> Run {
        let bytes = try Array(Data(contentsOf: URL(filePath: "Tests/Fixtures/imports/\(name).json")))
        return try run(importing: ImportFile.value(bytes), inputs, ends: phase)
    }

    private func run(importing source: JSON, _ inputs: String, ends phase: RunEnd.Phase = .completed) throws -> Run {
        let catalog = try Catalog(BuiltInCatalog.documents)
        let read = try WorkflowImport.read(source, catalog: catalog)
        if phase == .completed {
            #expect(read.report.sources.allSatisfy { !$0.isPlaceholder }, "\(read.report.warnings)")
        }
        let hash = try #require(read.graph.hash)
        let outcome = Compiler.compile(read.graph, hash: hash, catalog: catalog, for: .running)
        let plan = try #require(outcome.plan, "\(outcome.findings.map(\.message))")
        let now = Instant(microseconds: 1_700_000_000_000_000)
        var facts = RunFacts(
            execution: ExecutionID(high: 1, low: 1),
            account: AccountID(high: 1, low: 2),
            workflow: WorkflowID(high: 1, low: 3),
            version: nil,
            revision: 1,
            createdAt: now
        )
        facts.inputs = try JSON(parsing: inputs)
        var run = Run(plan: plan, facts: facts)
        var random = SplitMix64(seed: 1)
        _ = run.step(.accepted, now: now, random: &random)
        #expect(run.end?.phase == phase, "\(run.end?.error?.message ?? "no end")")
        return run
    }

    private func output(_ node: String, _ port: String, of run: Run) -> JSON? {
        run.view.nodes.first { $0.id == node }?.outputs[port]?.asJSON
    }
}
