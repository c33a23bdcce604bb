public import EventLoop
public import Storage
public import Values

import Crypto
import FileSystem

/// Media by content hash, in a local folder.
///
/// Bytes appear under their name only when they are complete and on the disk: temporary file, hash, record, fsync,
/// rename, fsync of the folder (engine.md §3). The commit that says they are captured is the caller's.
public final class AssetStore: Sendable {
    let folder: String
    private let unfinished: String
    let database: Database
    let pool: BlockingPool
    let limits: AssetLimits
    let freeBytes: @Sendable (String) throws -> Int64
    let usage = MediaUsage()
    /// Who writes or removes the bytes of a hash.
    package let turns = HashTurns()

    /// A store in the folder `media` of the data folder; unfinished files of an earlier process are removed.
    ///
    /// - Parameters:
    ///   - folder: The data folder.
    ///   - database: Keeps the records.
    ///   - pool: Does what blocks.
    ///   - limits: How much room media may take.
    ///   - freeBytes: The bytes free on the disk of a folder, where the disk is not to be asked.
    /// - Throws: ``AssetError`` when the folder cannot be made.
    public init(
        folder: String,
        database: Database,
        pool: BlockingPool,
        limits: AssetLimits = AssetLimits(),
        freeBytes: (@Sendable (String) throws -> Int64)? = nil
    ) throws(AssetError) {
        self.folder = "\(folder)/media"
        self.database = database
        self.pool = pool
        // Servers that share a database may share the media: each has a folder for what it has not finished.
        unfinished = "\(self.folder)/unfinished" + (database.isShared ? "/\(database.worker)" : "")
        self.limits = limits
        self.freeBytes = freeBytes ?? { try Folder.freeBytes(at: $0) }
        do {
            try Folder.remove(unfinished)
            try Folder.make(unfinished)
        } catch {
            throw Self.translate(error)
        }
    }

    /// A new path for a file that ``keep(_:mimeType:name:facts:at:)`` takes over.
    public func newPath() -> String {
        var random = SystemRandomNumberGenerator()
        let name = [random.next() as UInt64, random.next() as UInt64].map { String($0, radix: 36) }.joined()
        return "\(unfinished)/\(name)"
    }

    /// Removes a file made at ``newPath()`` that is not to be kept.
    public func discard(_ path: String) async {
        // What cannot be removed now is removed when the server starts the next time.
        try? await pool.run(isCancellable: false) { try Folder.removeFile(path) }
    }

    /// The path of kept bytes; they must not be changed.
    public func path(of hash: ContentHash) -> String {
        "\(folder)/\(Self.fileName(of: hash))"
    }

    /// The path of kept bytes below the folder of the store.
    package static func fileName(of hash: ContentHash) -> String {
        let name = hash.description
        return "\(name.prefix(2))/\(name.dropFirst(2))"
    }

    /// Keeps bytes and returns when they are on the disk.
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - mimeType: What they are said to be; the bytes themselves decide where they can be recognised.
    ///   - name: A file name, for people.
    ///   - now: The time of the record.
    /// - Returns: The reference that names them.
    /// - Throws: ``AssetError`` when they cannot be kept.
    public func keep(
        bytes: [UInt8],
        mimeType: String?,
        name: String? = nil,
        at now: Instant
    ) async throws(AssetError) -> MediaReference {
        let path = newPath()
        do throws(AssetError) {
            try await blocking { () throws(FileError) in
                var file = try File(writing: path)
                try file.write(bytes.span)
            }
            return try await keep(path, mimeType: mimeType, name: name, at: now)
        } catch {
            await discard(path)
            throw error
        }
    }

    /// Takes over a file made at ``newPath()`` and returns when it is kept and on the disk.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - mimeType: What it is said to be; the bytes themselves decide where they can be recognised.
    ///   - name: A file name, for people.
    ///   - facts: What is known besides; the bytes themselves decide where they tell it.
    ///   - now: The time of the record.
    /// - Returns: The reference that names the bytes.
    /// - Throws: ``AssetError`` when they cannot be kept. After ``AssetError/full`` the file is still there, so that it can
    ///   be tried again or discarded; otherwise it is removed.
    public func keep(
        _ path: String,
        mimeType: String?,
        name: String? = nil,
        facts: MediaFacts = MediaFacts(),
        at now: Instant
    ) async throws(AssetError) -> MediaReference {
        let reference = try await blocking { () throws(FileError) in
            try Self.describe(path, mimeType: mimeType, name: name, facts: facts)
        }
        await turns.take(reference.hash)
        defer { turns.give(reference.hash) }
        do throws(AssetError) {
            if try await stored({ () throws(StorageError) in try await self.database.announce(reference, at: now) }) {
                usage.add(reference.bytes)
            }
            try await place(path, reference.hash)
        } catch {
            if error != .full { await discard(path) }
            throw error
        }
        return reference
    }

    /// Gives announced bytes their name.
    private func place(_ path: String, _ hash: ContentHash) async throws(AssetError) {
        let target = self.path(of: hash)
        try await blocking { () throws(FileError) in
            let parent = String(target.prefix(upTo: target.lastIndex(of: "/") ?? target.endIndex))
            if Folder.exists(target) { return try Folder.removeFile(path) }
            try Folder.make(parent)
            var file = try File(reading: path)
            try file.synchronize()
            try Folder.rename(path, to: target)
            try Folder.synchronize(parent)
        }
    }

    /// Marks kept bytes as uploaded by an account.
    ///
    /// - Parameters:
    ///   - media: The media.
    ///   - account: The account.
    ///   - time: Until when it is kept without anything that refers to it; `nil` is for ever.
    /// - Throws: ``AssetError`` when that cannot be stored.
    public func markUploaded(
        _ media: MediaReference,
        account: AccountID,
        until time: Instant?
    ) async throws(AssetError) {
        try await stored { () throws(StorageError) in
            try await self.database.markUploaded(media.hash, account: account, until: time)
        }
    }

    /// The kept bytes as a whole.
    ///
    /// - Throws: ``AssetError/tooLarge(maximum:)`` beyond the limit, in bytes.
    public func bytes(of hash: ContentHash, atMost limit: Int) async throws(AssetError) -> [UInt8] {
        let path = path(of: hash)
        guard let bytes = try await blocking({ () throws(FileError) in try Folder.contents(of: path, atMost: limit) })
        else { throw .tooLarge(maximum: Int64(limit)) }
        return bytes
    }

    /// What is known about kept media; `nil` when there is none of that identifier, or it is not complete.
    public func reference(_ id: MediaID) async throws(AssetError) -> MediaReference? {
        let row = try await stored { () throws(StorageError) in try await self.database.asset(id) }
        guard let row, row.isStored else { return nil }
        return row.reference
    }

    /// What is known about kept media of an account: what it has uploaded, or what its executions made or used.
    public func reference(_ id: MediaID, of account: AccountID) async throws(AssetError) -> MediaReference? {
        let row = try await stored { () throws(StorageError) in try await self.database.asset(id, of: account) }
        guard let row, row.isStored else { return nil }
        return row.reference
    }

    func blocking<Value: Sendable>(
        _ work: @escaping @Sendable () throws(FileError) -> Value
    ) async throws(AssetError) -> Value {
        do {
            // What has arrived is kept, also when its sender is gone.
            return try await pool.run(isCancellable: false) { try work() }
        } catch let error as FileError {
            throw Self.translate(error)
        } catch {
            throw .file(reason: "\(error)")
        }
    }

    private static func describe(
        _ path: String,
        mimeType: String?,
        name: String?,
        facts: MediaFacts
    ) throws(FileError) -> MediaReference {
        var file = try File(reading: path)
        let length = try file.length()
        var hash = try? SHA256()
        var head: [UInt8] = []
        while true {
            let piece = try file.read(atMost: 1 << 18)
            if piece.isEmpty { break }
            if head.isEmpty { head = Array(piece.prefix(1 << 16)) }
            hash?.update(piece.span)
        }
        guard let digest = hash.take()?.finish(), let contentHash = ContentHash(bytes: digest) else {
            throw FileError.unreadable(path)
        }
        let probe = MediaProbe(head: head, length: length)
        return MediaReference(
            hash: contentHash,
            mimeType: probe.mimeType ?? mimeType ?? "application/octet-stream",
            bytes: length,
            width: probe.width ?? facts.width,
            height: probe.height ?? facts.height,
            durationMs: probe.durationMs ?? facts.durationMs,
            fps: facts.fps,
            name: name
        )
    }

    private static func translate(_ error: FileError) -> AssetError {
        if error.isFull { return .full }
        if error.isMissing { return .missing(name: error.path) }
        return .file(reason: error.description)
    }
}
