import Foundation
import Simulation
import Testing
import Values

/// Whole servers on one clock, with everything going wrong that chance can think of.
@Suite(.serialized)
struct SimulationTests {
    /// Seeds that once broke a promise; they are played in every run.
    private static let known: [UInt64] = [12, 45, 105, 130, 133, 920]

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// The seeds to play: `MILLRACE_SEEDS` of them, or the one of `MILLRACE_SEED`, which is told step by step.
    private static var seeds: [UInt64] {
        if let seed = environment["MILLRACE_SEED"].flatMap({ UInt64($0) }) { return [seed] }
        return known + Array(100..<(100 + (environment["MILLRACE_SEEDS"].flatMap { UInt64($0) } ?? 1000)))
    }

    @Test func `whatever happens to servers and vendors, every promise holds`() async throws {
        let plans = try Plans()
        let calm = try World(seed: 0, plans: plans, faults: .calm).play()
        let seeds = Self.seeds
        var covered: [String: Int] = [:]
        // Two threads, each with worlds of its own.
        let parts = try await withThrowingTaskGroup(of: [String: Int].self) { group in
            for part in 0..<2 {
                group.addTask {
                    var covered: [String: Int] = [:]
                    for place in stride(from: part, to: seeds.count, by: 2) {
                        let world = try World(seed: seeds[place], plans: plans, trace: seeds.count == 1)
                        for (workflow, outputs) in try world.play() {
                            let expected = calm.first { $0.workflow == workflow }?.outputs
                            #expect(outputs == expected, "seed \(seeds[place]): another result")
                        }
                        covered.merge(world.ground.covered) { $0 + $1 }
                    }
                    return covered
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for part in parts { covered.merge(part) { $0 + $1 } }
        print("simulation: \(seeds.count) worlds")
        for (what, count) in covered.sorted(by: { $0.key < $1.key }) { print("\(count)\t\(what)") }
    }

    @Test(arguments: PlantedBug.allCases)
    func `a planted bug is found`(_ bug: PlantedBug) throws {
        let plans = try Plans(bug: bug)
        for seed in UInt64(0)..<400 {
            do {
                try World(seed: seed, plans: plans, bug: bug).play()
            } catch let broken as World.Broken {
                #expect(bug.complaints.contains(broken.reports[0].complaint), "\(broken)")
                return print("“\(bug.rawValue)” is found: \(broken.reports[0]), seed \(seed)")
            }
        }
        Issue.record("“\(bug.rawValue)” was not found.")
    }
}
