import Assets
import Crypto
import EventLoop
import FileSystem
import Foundation
import Storage
import TestSupport
import Testing
import Values

/// A media store on a real database, with a clock that stands still until it is moved.
final class StoreBench {
    static let account = AccountID(high: 1, low: 1)
    static let workflow = WorkflowID(high: 1, low: 1)

    let folder: TemporaryFolder
    let pool: BlockingPool
    private(set) var database: Database
    private(set) var assets: AssetStore
    let limits: AssetLimits
    var retention = Retention()
    var now = Instant(microseconds: 1_800_000_000_000_000)
    private var runs: UInt64 = 0
    private var lastEvent: [ExecutionID: Int64] = [:]

    init(limits: AssetLimits = AssetLimits()) throws {
        folder = try TemporaryFolder()
        self.limits = limits
        pool = try BlockingPool(label: "test", threads: 4, capacity: 1000)
        database = try Database.open(folder: folder.path) { Issue.record("\($0)") }
        assets = try AssetStore(folder: folder.path, database: database, pool: pool, limits: limits)
    }

    /// Starts anew on the same folder, as after a crash.
    func restart() async throws {
        await database.close()
        database = try Database.open(folder: folder.path) { Issue.record("\($0)") }
        assets = try AssetStore(folder: folder.path, database: database, pool: pool, limits: limits)
    }

    func pass(_ time: Duration) { now = now + time }

    func keep(_ text: String) async throws -> MediaReference {
        try await assets.keep(bytes: Array(text.utf8), mimeType: "text/plain", at: now)
    }

    func upload(_ text: String) async throws -> MediaReference {
        let media = try await keep(text)
        try await assets.markUploaded(media, account: Self.account, until: retention.media.map { now + $0 })
        return media
    }

    /// Accepts a run that was given media.
    func start(with media: [MediaReference] = [], graph: StoredGraph? = nil) async throws -> ExecutionID {
        runs += 1
        let id = ExecutionID(high: UInt64(now.microseconds), low: runs)
        var append = JournalAppend(execution: id, epoch: 1, first: 1, last: 1, body: [1])
        append.accepted = NewExecution(
            id: id,
            account: Self.account,
            workflow: Self.workflow,
            version: nil,
            revision: nil,
            graph: try Self.hash("graph"),
            trigger: "api",
            key: nil,
            createdAt: now
        )
        append.captured = media.map(\.hash)
        append.graph = graph
        try await database.append(append)
        lastEvent[id] = 1
        return id
    }

    /// Stores that a run has captured media.
    func capture(_ media: [MediaReference], for id: ExecutionID, body: [UInt8] = [2]) async throws {
        let last = (lastEvent[id] ?? 0) + 1
        var append = JournalAppend(execution: id, epoch: 1, first: last, last: last, body: body)
        append.captured = media.map(\.hash)
        try await database.append(append)
        lastEvent[id] = last
    }

    func end(_ id: ExecutionID, keptFor time: Duration? = nil) async throws {
        let last = (lastEvent[id] ?? 0) + 1
        var append = JournalAppend(execution: id, epoch: 1, first: last, last: last, body: [3])
        append.end = ExecutionEnd(
            at: now,
            status: "COMPLETED",
            errorCode: nil,
            failedNode: nil,
            spent: .zero,
            result: Array("result".utf8)
        )
        append.end?.keepUntil = time.map { now + $0 }
        try await database.append(append)
        lastEvent[id] = last
    }

    @discardableResult
    func sweep() async throws -> SweepCount {
        var count = try await database.sweep(retention, at: now)
        (count.media, count.bytes) = try await assets.sweep(at: now)
        return count
    }

    /// Whether the bytes are there, whole, and known.
    func has(_ media: MediaReference) async throws -> Bool {
        let bytes = try? Folder.contents(of: assets.path(of: media.hash), atMost: 1 << 20)
        guard try await assets.reference(media.id) != nil, let bytes else { return false }
        return ContentHash(bytes: SHA256.hash(bytes)) == media.hash
    }

    /// The files of media on the disk, complete or not.
    func files() throws -> [String] {
        let root = "\(folder.path)/media"
        return try Folder.names(in: root).filter { Folder.isFolder("\(root)/\($0)") }.flatMap { name in
            try Folder.names(in: "\(root)/\(name)").map { "\(name)/\($0)" }
        }
    }

    static func hash(_ text: String) throws -> ContentHash {
        try #require(ContentHash(bytes: SHA256.hash(text)))
    }
}

extension Duration {
    static func days(_ count: Int64) -> Duration { .seconds(count * 86_400) }
    static func hours(_ count: Int64) -> Duration { .seconds(count * 3600) }
}
