import Engine
import Foundation
import TestSupport
import Testing
import Values
import Workflows

struct RandomRunTests {
    /// The number of runs; `MILLRACE_SEEDS` makes it more, `MILLRACE_SEED` runs one alone.
    private static var seeds: Range<UInt64> {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["MILLRACE_SEED"].flatMap({ UInt64($0) }) { return seed..<seed + 1 }
        return 0..<(environment["MILLRACE_SEEDS"].flatMap { UInt64($0) } ?? 1000)
    }

    @Test func `whatever happens to a run, its rules hold and it ends`() throws {
        var runs = 0
        for seed in Self.seeds {
            var random = SplitMix64(seed: seed)
            let (nodes, edges, settings) = RandomGraph.make(&random)
            let graph = try Graph(nodes: nodes, edges: edges, settings: WorkflowSettings(json: settings))
            let hash = try #require(graph.hash)
            guard let plan = Compiler.compile(graph, hash: hash, catalog: RunHarness.catalog, for: .running).plan else {
                continue
            }
            runs += 1
            do {
                var run = try RandomRun(plan: plan, settings: graph.settings, random: random)
                try run.play(steps: Int.random(in: 5...60, using: &random))
                var retry = try RandomRun(retrying: run, random: random)
                try retry.play(steps: Int.random(in: 0...20, using: &random))
            } catch {
                Issue.record("seed \(seed): \(error)\n\(graph.record.text)")
                return
            }
        }
        #expect(runs * 10 > Self.seeds.count * 6 || Self.seeds.count == 1, "Only \(runs) graphs could be run.")
    }
}
