import Assets
import FileSystem
import Storage
import TestSupport
import Testing
import Values

/// Random histories of a store: no byte that something refers to is ever gone, and no byte that nothing refers to stays.
struct RandomStoreTests {
    @Test(arguments: 0..<24)
    func `whatever happens, what is referred to is there, and nothing else stays`(seed: Int) async throws {
        var history = try RandomHistory(seed: UInt64(seed))
        for _ in 0..<80 { try await history.step() }
        try await history.finish()
    }
}

private struct RandomHistory {
    private let bench = try? StoreBench()
    private var random: SplitMix64
    /// What each run that has not been removed refers to.
    private var references: [ExecutionID: Set<MediaReference>] = [:]
    private var live: [ExecutionID] = []
    private var log: [String] = []

    init(seed: UInt64) throws {
        random = SplitMix64(seed: seed)
    }

    private func opened() throws -> StoreBench { try #require(bench) }

    mutating func step() async throws {
        let bench = try opened()
        let text = "text \(Int.random(in: 0..<5, using: &random))"
        let action = Int.random(in: 0..<11, using: &random)
        log.append("\(action) \(text)")
        switch action {
        case 0: _ = try await bench.upload(text)
        case 1: _ = try await bench.keep(text)
        case 2:
            let media = MediaReference(hash: try StoreBench.hash(text), mimeType: "text/plain", bytes: 6)
            guard let known = try await bench.assets.reference(media.id) else { break }
            let run = try await bench.start(with: [known])
            live.append(run)
            references[run] = [media]
        case 3:
            let run = try await bench.start()
            live.append(run)
            references[run] = []
        case 4, 5:
            guard let run = live.randomElement(using: &random) else { break }
            // While the bytes are kept the sweep goes on.
            let (assets, now) = (bench.assets, bench.now)
            async let swept = assets.sweep(at: now)
            let media = try await bench.keep(text)
            _ = try await swept
            try await bench.capture([media], for: run)
            references[run]?.insert(
                MediaReference(hash: media.hash, mimeType: "text/plain", bytes: 6)
            )
        case 6:
            guard let place = live.indices.randomElement(using: &random) else { break }
            try await bench.end(live.remove(at: place), keptFor: random.chance(0.5) ? .days(3) : nil)
        case 7: try await crash()
        default:
            bench.pass(random.pick([.seconds(60), .hours(1), .days(1), .days(40)]))
            try await bench.sweep()
        }
        try await check()
    }

    /// Ends the process at some point of a deletion.
    private mutating func crash() async throws {
        let bench = try opened()
        for media in try await bench.database.condemn(at: bench.now).condemned where random.chance(0.5) {
            try Folder.removeFile(bench.assets.path(of: media.hash))
            if random.chance(0.5) { try await bench.database.forget([media.hash]) }
        }
        try await bench.restart()
    }

    private mutating func check() async throws {
        let bench = try opened()
        for run in references.keys where try await bench.database.execution(run) == nil {
            #expect(!live.contains(run), "A run that goes on is gone: \(log)")
            references[run] = nil
        }
        for media in Set(references.values.joined()) {
            try #require(try await bench.has(media), "Bytes that are referred to are gone: \(log)")
        }
    }

    mutating func finish() async throws {
        let bench = try opened()
        for run in live { try await bench.end(run) }
        for _ in 0..<4 {
            bench.pass(.days(100))
            try await bench.sweep()
        }
        #expect(try bench.files() == [], "\(log)")
        #expect(try await bench.database.mediaBytes() == 0)
    }
}
