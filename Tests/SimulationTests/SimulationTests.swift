import Foundation
import Simulation
import Testing

/// Whole servers on one clock, with everything going wrong that chance can think of.
@Suite(.serialized)
struct SimulationTests {
    /// Seeds that once broke a promise; they are played in every run.
    private static let known: [UInt64] = [206, 319, 544, 1415]

    private static var tables: URL {
        URL(filePath: #filePath).appending(path: "../../../Documentation/state-tables.md").standardized
    }

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// The seeds to play: `MILLRACE_SEEDS` of them, or the one of `MILLRACE_SEED`, which is told step by step.
    private static var seeds: [UInt64] {
        if let seed = environment["MILLRACE_SEED"].flatMap({ UInt64($0) }) { return [seed] }
        return known + Array(1000..<(1000 + (environment["MILLRACE_SEEDS"].flatMap { UInt64($0) } ?? 1000)))
    }

    @Test func `whatever happens to servers and vendors, every promise holds`() async throws {
        let plans = try Plans()
        let reference = try World.calm(plans)
        let seeds = Self.seeds
        // Two threads, each with worlds of its own.
        let coverage = try await withThrowingTaskGroup(of: Coverage.self) { group in
            for part in 0..<2 {
                group.addTask {
                    var coverage = Coverage()
                    for place in stride(from: part, to: seeds.count, by: 2) {
                        let trace = seeds.count == 1
                        let world = try World(seed: seeds[place], plans: plans, reference: reference, trace: trace)
                        do {
                            try world.play()
                        } catch let broken as World.Broken {
                            Issue.record("\(broken)")
                        }
                        coverage.add(world.ground)
                    }
                    return coverage
                }
            }
            return try await group.reduce(into: Coverage()) { $0.add($1) }
        }
        print("simulation: \(seeds.count) worlds")
        print(coverage.summary)
        let tables = try String(contentsOf: Self.tables, encoding: .utf8)
        print("  not reached: \(coverage.missing(from: tables).joined(separator: ", "))")
    }

    @Test(arguments: PlantedBug.allCases)
    func `a planted bug is found`(_ bug: PlantedBug) throws {
        let plans = try Plans(bug: bug)
        let reference = try World.calm(Plans())
        for seed in UInt64(0)..<400 {
            do {
                try World(seed: seed, plans: plans, reference: reference, bug: bug).play()
            } catch let broken as World.Broken {
                #expect(bug.complaints.contains(broken.reports[0].complaint), "\(broken)")
                return print("“\(bug.rawValue)” is found: \(broken.reports[0]), seed \(seed)")
            }
        }
        Issue.record("“\(bug.rawValue)” was not found.")
    }
}
