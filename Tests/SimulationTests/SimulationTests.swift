import Foundation
import Simulation
import Testing
import Values

struct SimulationTests {
    /// The number of worlds; `MILLRACE_SEEDS` makes it more, `MILLRACE_SEED` plays one alone and tells what happens.
    private static var seeds: Range<UInt64> {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["MILLRACE_SEED"].flatMap({ UInt64($0) }) { return seed..<seed + 1 }
        return 0..<(environment["MILLRACE_SEEDS"].flatMap { UInt64($0) } ?? 200)
    }

    @Test func `whatever happens to servers and vendors, every promise holds`() throws {
        let plans = try Plans()
        let calm = try World(seed: 0, plans: plans, faults: .none, trace: Self.seeds.count == 1).play()
        var covered: [String: Int] = [:]
        for seed in Self.seeds {
            let world = try World(seed: seed, plans: plans, trace: Self.seeds.count == 1)
            for (workflow, outputs) in try world.play() {
                let expected = calm.first { $0.workflow == workflow }?.outputs
                #expect(outputs == expected, "seed \(seed): \(plans.all[workflow].name) gives something else")
            }
            covered.merge(world.ground.covered) { $0 + $1 }
        }
        for (what, count) in covered.sorted(by: { $0.key < $1.key }) { print("\(count)\t\(what)") }
    }
}
