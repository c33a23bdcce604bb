import Assets
import Backups
import EventLoop
import FileSystem
import Foundation
import Storage
import TestSupport
import Testing
import Values

struct BackupTests {
    private let folder: TemporaryFolder
    private let pool: BlockingPool
    private let now = Instant(microseconds: 1_800_000_000_000_000)
    private var data: String { "\(folder.path)/data" }
    private var file: String { "\(folder.path)/backup.tar" }
    private var target: String { "\(folder.path)/target" }

    init() throws {
        folder = try TemporaryFolder()
        pool = try BlockingPool(label: "test", threads: 2, capacity: 100)
    }

    private func open(_ path: String) throws -> (Database, AssetStore) {
        let database = try Database.open(folder: path) { Issue.record("\($0)") }
        return (database, try AssetStore(folder: path, database: database, pool: pool))
    }

    private func upload(_ bytes: [UInt8], _ assets: AssetStore) async throws -> MediaReference {
        let media = try await assets.keep(bytes: bytes, mimeType: "text/plain", at: now)
        try await assets.markUploaded(media, account: AccountID(high: 1, low: 1), until: nil)
        return media
    }

    private func make() throws -> BackupManifest { try Backup.make(of: data, at: file, version: "test", now: now) }

    /// Changes one byte of the backup where a text begins.
    private func damage(at text: String) throws {
        var bytes = try Data(contentsOf: URL(filePath: file))
        let place = try #require(bytes.range(of: Data(text.utf8))).lowerBound
        bytes[place] ^= 1
        try bytes.write(to: URL(filePath: file))
    }

    @Test func `what was there when the backup began is there after a restore`() async throws {
        let (database, assets) = try open(data)
        var media: [MediaReference] = []
        for length in [0, 1, 511, 512, 513, 700_000] {
            media.append(try await upload([UInt8](repeating: UInt8(length % 251), count: length), assets))
        }
        try Folder.make("\(data)/catalog/own")
        try Folder.replace("\(data)/catalog/own/node.json", with: Array("{}".utf8))
        // A server works on while the backup is made.
        let backup = try make()
        _ = try await upload([9], assets)
        await database.close()
        #expect(backup.media == 6)
        let (manifest, before) = try Backup.restore(file, to: target, isForced: false)
        #expect(manifest == backup)
        #expect(before == nil)
        #expect(try Folder.contents(of: "\(target)/catalog/own/node.json", atMost: 10) == Array("{}".utf8))
        let (restored, store) = try open(target)
        for reference in media {
            #expect(try await store.reference(reference.id) == reference)
            #expect(try await store.bytes(of: reference.hash, atMost: 1 << 20).count == Int(reference.bytes))
        }
        #expect(try await restored.mediaBytes() == backup.mediaBytes)
        await restored.close()
    }

    @Test func `every tar program reads a backup`() async throws {
        let (database, assets) = try open(data)
        let media = try await upload(Array("some media".utf8), assets)
        _ = try make()
        await database.close()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["tar", "-tf", file]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let names = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let hash = media.hash.description
        #expect(
            names.split(separator: "\n").map(String.init)
                == ["millrace-backup.json", "millrace.db", "media/\(hash.prefix(2))/\(hash.dropFirst(2))"]
        )
    }

    @Test func `a folder with something in it is left alone, or moved aside when that is asked for`() async throws {
        let (database, assets) = try open(data)
        let media = try await upload([1], assets)
        _ = try make()
        _ = try await upload([2], assets)
        await database.close()
        #expect(throws: BackupError.folderNotEmpty(data)) { try Backup.restore(file, to: data, isForced: false) }
        let before = try #require(try Backup.restore(file, to: data, isForced: true).before)
        #expect(Folder.exists("\(before)/millrace.db"))
        let (restored, store) = try open(data)
        #expect(try await restored.mediaBytes() == 1)
        #expect(try await store.reference(media.id) != nil)
        // A folder that a server works on is never restored to.
        #expect(throws: StorageError.folderInUse(path: data)) { try Backup.restore(file, to: data, isForced: true) }
        await restored.close()
    }

    @Test(arguments: ["some media", "SQLite format 3", "millrace-backup"])
    func `a damaged backup is refused, and the folder stays as it is`(place: String) async throws {
        let (database, assets) = try open(data)
        _ = try await upload(Array("some media".utf8), assets)
        _ = try make()
        await database.close()
        try damage(at: place)
        let names = try Folder.names(in: data)
        #expect(throws: BackupError.self) { try Backup.restore(file, to: data, isForced: true) }
        #expect(try Folder.names(in: data) == names)
    }

    @Test(arguments: [100, 600, 5000, 60_000])
    func `a backup that was cut is refused`(length: Int) async throws {
        let (database, assets) = try open(data)
        _ = try await upload([UInt8](repeating: 5, count: 100_000), assets)
        _ = try make()
        await database.close()
        let bytes = try Data(contentsOf: URL(filePath: file)).prefix(length)
        try bytes.write(to: URL(filePath: file))
        #expect(throws: BackupError.self) { try Backup.restore(file, to: target, isForced: false) }
        #expect(try Folder.names(in: target) == ["lock"])
    }

    @Test func `media whose bytes were changed on the disk is found while the backup is made`() async throws {
        let (database, assets) = try open(data)
        let media = try await upload(Array("right".utf8), assets)
        try Folder.replace(assets.path(of: media.hash), with: Array("wrong".utf8))
        #expect(throws: BackupError.self) { try make() }
        #expect(try Folder.names(in: folder.path) == ["data"])
        await database.close()
    }

    @Test func `a server does not start on a folder whose restore was cut short`() throws {
        try Folder.make("\(data)/restoring")
        #expect(throws: StorageError.self) { try open(data) }
    }
}
