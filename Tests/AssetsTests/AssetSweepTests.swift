import Assets
import Crypto
import FileSystem
import Storage
import TestSupport
import Testing
import Values

@Suite(.timeLimit(.minutes(1)))
struct AssetSweepTests {
    private let bench: StoreBench

    init() throws {
        bench = try StoreBench()
    }

    @Test func `an upload that nobody uses goes an hour after its time`() async throws {
        let media = try await bench.upload("photo")
        bench.pass(.days(29))
        try await bench.sweep()
        #expect(try await bench.has(media))
        bench.pass(.days(2))
        #expect(try await bench.sweep().media == 0)
        #expect(try await bench.has(media))
        bench.pass(.hours(1))
        #expect(try await bench.sweep().media == 1)
        #expect(try bench.files().isEmpty)
        #expect(try await bench.assets.reference(media.id) == nil)
    }

    @Test func `media of a run that has not ended is kept however long that takes`() async throws {
        let given = try await bench.upload("given")
        let run = try await bench.start(with: [given])
        let made = try await bench.keep("made")
        try await bench.capture([made], for: run)
        for _ in 0..<5 {
            bench.pass(.days(400))
            try await bench.sweep()
        }
        #expect(try await bench.has(given))
        #expect(try await bench.has(made))
    }

    @Test func `media goes after the last run that refers to it`() async throws {
        let media = try await bench.keep("shared")
        var runs: [ExecutionID] = []
        for _ in 0..<2 {
            let run = try await bench.start()
            try await bench.capture([media], for: run)
            runs.append(run)
        }
        try await bench.end(runs[0])
        bench.pass(.days(200))
        #expect(try await bench.sweep().executions == 1)
        bench.pass(.days(200))
        try await bench.sweep()
        try await bench.end(runs[1])
        bench.pass(.days(91))
        #expect(try await bench.sweep().executions == 1)
        #expect(try await bench.has(media))
        bench.pass(.days(31))
        try await bench.sweep()
        bench.pass(.hours(1))
        #expect(try await bench.sweep().media == 1)
        #expect(try bench.files().isEmpty)
    }

    @Test func `a run that takes dying media, and an upload of it, revive it`() async throws {
        let (first, second) = (try await bench.upload("a"), try await bench.upload("b"))
        bench.pass(.days(31))
        try await bench.sweep()
        _ = try await bench.start(with: [first])
        _ = try await bench.upload("b")
        bench.pass(.hours(2))
        #expect(try await bench.sweep().media == 0)
        #expect(try await bench.has(first))
        #expect(try await bench.has(second))
    }

    @Test func `media that a stored graph names is kept`() async throws {
        let media = try await bench.upload("logo")
        let body = Array(#"{"nodes": [{"config": {"image": "/media/\#(media.id).png?token=x"}}]}"#.utf8)
        let graph = StoredGraph(hash: try #require(ContentHash(bytes: SHA256.hash(body))), body: body)
        let run = try await bench.start(graph: graph)
        try await bench.end(run)
        for _ in 0..<4 {
            bench.pass(.days(100))
            try await bench.sweep()
        }
        #expect(try await bench.database.execution(run) == nil)
        #expect(try await bench.has(media))
    }

    @Test func `what a run captures after its bytes are gone is refused, and nothing is stored`() async throws {
        let run = try await bench.start()
        let media = try await bench.keep("late")
        bench.pass(.days(2))
        #expect(try await bench.sweep().media == 1)
        await #expect(throws: StorageError.missingMedia(media.id)) { try await bench.capture([media], for: run) }
        #expect(try await bench.database.journal(of: run, after: 0, limit: 10).count == 1)
        let again = try await bench.keep("late")
        try await bench.capture([again], for: run)
        #expect(try await bench.has(media))
    }

    /// Where a process ends while it keeps media.
    enum CaptureCrash: CaseIterable {
        case half, announced, placed
    }

    @Test(arguments: CaptureCrash.allCases)
    func `what a crash leaves of a capture is removed`(_ crash: CaptureCrash) async throws {
        switch crash {
        case .half:
            var file = try File(writing: bench.assets.newPath())
            try file.write([1, 2, 3].span)
        case .announced:
            let reference = MediaReference(hash: try StoreBench.hash("x"), mimeType: "text/plain", bytes: 1)
            _ = try await bench.database.announce(reference, at: bench.now)
        case .placed: _ = try await bench.keep("never committed")
        }
        try await bench.restart()
        #expect(try await bench.sweep().media == 0)
        bench.pass(.days(2))
        #expect(try await bench.sweep().media == (crash == .half ? 0 : 1))
        #expect(try bench.files().isEmpty)
        #expect(try await bench.database.mediaBytes() == 0)
    }

    /// Where a process ends while it removes media, and whether somebody brings the bytes again before it is finished.
    enum DeletionCrash: CaseIterable {
        case condemned, removed
    }

    @Test(arguments: DeletionCrash.allCases, [false, true])
    func `a deletion that a crash has cut short is finished, or undone by new bytes`(
        _ crash: DeletionCrash,
        isWrittenAnew: Bool
    ) async throws {
        let media = try await bench.upload("old")
        bench.pass(.days(31))
        try await bench.sweep()
        bench.pass(.hours(2))
        let condemned = try await bench.database.condemn(at: bench.now).condemned
        #expect(condemned.map(\.hash) == [media.hash])
        if crash == .removed { try Folder.removeFile(bench.assets.path(of: media.hash)) }
        try await bench.restart()
        #expect(try await bench.assets.reference(media.id) == nil)
        if isWrittenAnew { _ = try await bench.upload("old") }
        bench.pass(.hours(1))
        #expect(try await bench.sweep().media == (isWrittenAnew ? 0 : 1))
        #expect(try await bench.has(media) == isWrittenAnew)
        #expect(try bench.files().isEmpty != isWrittenAnew)
    }

    @Test func `writers and the sweep race for the same bytes, and the writers keep them`() async throws {
        for round in 0..<40 {
            let text = "round \(round % 3)"
            let media = try await bench.upload(text)
            bench.pass(.days(31))
            try await bench.sweep()
            bench.pass(.hours(2))
            let run = try await bench.start()
            let (database, assets, now) = (bench.database, bench.assets, bench.now)
            async let swept = assets.sweep(at: now)
            async let again = assets.keep(bytes: Array(text.utf8), mimeType: "text/plain", at: now)
            async let condemned = database.condemn(at: now)
            _ = try await (swept, again, condemned)
            _ = try await bench.assets.sweep(at: now)
            try await bench.capture([media], for: run)
            #expect(try await bench.has(media), "round \(round)")
            try await bench.end(run, keptFor: .days(1))
            bench.pass(.days(2))
            try await bench.sweep()
        }
    }

    @Test func `many writers come while their old bytes are deleted, and all keep what they wrote`() async throws {
        for round in 0..<10 {
            let texts = (0..<40).map { "round \(round) text \($0)" }
            for text in texts { _ = try await bench.upload(text) }
            bench.pass(.days(31))
            try await bench.sweep()
            bench.pass(.hours(2))
            let run = try await bench.start()
            let (assets, now) = (bench.assets, bench.now)
            async let swept = assets.sweep(at: now)
            let media = try await withThrowingTaskGroup(of: MediaReference.self) { group in
                for text in texts {
                    group.addTask {
                        try await assets.keep(bytes: Array(text.utf8), mimeType: "text/plain", at: now)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            _ = try await swept
            try await bench.capture(media, for: run)
            for reference in media { #expect(try await bench.has(reference), "round \(round)") }
        }
    }

    @Test func `bytes that somebody is about to write again are not deleted meanwhile`() async throws {
        let media = try await bench.upload("old")
        bench.pass(.days(31))
        try await bench.sweep()
        bench.pass(.hours(2))
        let (assets, now) = (bench.assets, bench.now)
        await assets.turns.take(media.hash)
        async let swept = assets.sweep(at: now)
        while try await assets.reference(media.id) != nil {}
        for number in 0..<20 { _ = try await bench.upload("other \(number)") }
        #expect(Folder.exists(assets.path(of: media.hash)))
        _ = try await bench.database.announce(media, at: now)
        assets.turns.give(media.hash)
        #expect(try await swept.media == 0)
        #expect(Folder.exists(assets.path(of: media.hash)))
    }

    @Test func `nothing is deleted while a backup is made`() async throws {
        let media = try await bench.upload("listed")
        bench.pass(.days(31))
        try await bench.sweep()
        bench.pass(.hours(1))
        do {
            guard let lock = try File.lock("\(bench.folder.path)/media/backup.lock") else {
                Issue.record("Nobody else holds the lock.")
                return
            }
            #expect(try await bench.sweep().media == 0)
            _ = try lock.length()
        }
        #expect(try await bench.has(media))
        #expect(try await bench.sweep().media == 1)
    }

    @Test func `beyond the quota uploads are refused, results are kept, and unused media goes first`() async throws {
        var limits = AssetLimits()
        limits.quota = 1000
        let bench = try StoreBench(limits: limits)
        try await bench.assets.measure()
        let text = String(repeating: "x", count: 600)
        let unused = try await bench.upload(text + "1")
        try await bench.assets.admit()
        let run = try await bench.start()
        let paid = try await bench.keep(text + "2")
        try await bench.capture([paid], for: run)
        await #expect(throws: AssetError.overQuota(used: 1202, quota: 1000)) { try await bench.assets.admit() }
        try await bench.sweep()
        bench.pass(.hours(1))
        #expect(try await bench.sweep().media == 1)
        try await bench.assets.admit()
        #expect(try await !bench.has(unused))
        #expect(try await bench.has(paid))
    }

    @Test func `a disk with less than its reserve refuses uploads`() async throws {
        var limits = AssetLimits()
        limits.reserve = .max
        let bench = try StoreBench(limits: limits)
        await #expect(throws: AssetError.full) { try await bench.assets.admit() }
        #expect(await bench.assets.obstacle() == .full)
    }
}
