import FileSystem
import Synchronization
import Storage
public import Values

extension AssetStore {
    /// Removes media that nothing refers to and whose time is over, and files that were never completed.
    ///
    /// That takes two phases an hour apart. When the store has little room, what nothing refers to is due before its time.
    /// While a backup is made nothing is deleted: it may be in its list.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - steps: The most steps of 100 files; what is left waits for the next sweep.
    /// - Returns: The number of media that were deleted, and their bytes.
    /// - Throws: ``AssetError`` when files or records cannot be changed.
    public func sweep(at now: Instant, steps: Int = 100) async throws(AssetError) -> (media: Int, bytes: Int64) {
        try await removeUnfinished()
        try await hasten(at: now)
        let lockPath = "\(folder)/\(Self.backupLock)"
        let lock = try await blocking { () throws(FileError) in try LockedFile(lockPath) }
        guard let lock else { return (0, 0) }
        defer { lock.release() }
        var deleted: (media: Int, bytes: Int64) = (0, 0)
        for _ in 0..<steps {
            let (goesOn, condemned) = try await stored { () throws(StorageError) in
                try await self.database.condemn(at: now)
            }
            for media in condemned where try await delete(media) {
                deleted.media += 1
                deleted.bytes += media.bytes
            }
            if !goesOn { break }
        }
        return deleted
    }

    /// The name of the file that a backup holds while it copies media.
    package static var backupLock: String { "backup.lock" }

    /// Removes the bytes of condemned media unless somebody has written them anew, then its row.
    private func delete(_ media: Condemned) async throws(AssetError) -> Bool {
        await turns.take(media.hash)
        defer { turns.give(media.hash) }
        let isCondemned = try await stored { () throws(StorageError) in
            try await self.database.stillCondemned([media.hash]) == [media.hash]
        }
        guard isCondemned else { return false }
        let path = path(of: media.hash)
        try await blocking { () throws(FileError) in try Folder.removeFile(path) }
        try await stored { () throws(StorageError) in try await self.database.forget([media.hash]) }
        usage.add(-media.bytes)
        return true
    }

    /// Marks media as dying before its time when the quota is nearly used up or the disk is nearly full.
    private func hasten(at now: Instant) async throws(AssetError) {
        var wanted: Int64 = 0
        if let quota = limits.quota, let used = usage.bytes { wanted = used - quota / 10 * 9 }
        if !(await hasRoom()) { wanted = max(wanted, limits.reserve) }
        guard wanted > 0 else { return }
        let bytes = wanted
        _ = try await stored { () throws(StorageError) in try await self.database.hasten(bytes, at: now) }
    }

    /// Removes files that nobody has written to for a day.
    private func removeUnfinished() async throws(AssetError) {
        let folder = "\(folder)/unfinished"
        try await blocking { () throws(FileError) in
            for name in try Folder.names(in: folder) {
                let path = "\(folder)/\(name)"
                if let age = Folder.timeSinceLastWrite(of: path), age > .seconds(86_400) {
                    try Folder.removeFile(path)
                }
            }
        }
    }

    func stored<Value>(_ work: () async throws(StorageError) -> Value) async throws(AssetError) -> Value {
        do {
            return try await work()
        } catch {
            throw error == .full ? .full : .storage(reason: error.description)
        }
    }
}

/// A file that is held until it is released.
private final class LockedFile: Sendable {
    private let file: Mutex<File?>

    /// - Returns: `nil` when another process holds it.
    init?(_ path: String) throws(FileError) {
        guard let file = try File.lock(path) else { return nil }
        self.file = Mutex(file)
    }

    func release() {
        file.withLock { $0 = nil }
    }
}
