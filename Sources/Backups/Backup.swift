import Assets
import Crypto
import FileSystem
import Storage
public import Values

/// Copies of a data folder in one file, made also while a server works on it.
///
/// The database is copied first, then the media that this copy knows, each checked by its hash; meanwhile the server
/// deletes no media. The archive is a `tar` file: what it says about itself, the database, the media, the manifests.
public enum Backup {
    /// Makes a backup; all calls block.
    ///
    /// - Parameters:
    ///   - folder: The data folder.
    ///   - path: The file; it appears under its name when it is complete.
    ///   - version: The version of this program.
    ///   - now: The time.
    /// - Returns: What the backup says about itself.
    /// - Throws: ``BackupError``, or what the database or the disk says.
    public static func make(
        of folder: String,
        at path: String,
        version: String,
        now: Instant
    ) throws -> BackupManifest {
        guard Folder.exists("\(folder)/millrace.db") else { throw BackupError.nothingThere(folder: folder) }
        try Folder.make("\(folder)/media")
        guard let lock = try File.lock("\(folder)/media/\(AssetStore.backupLock)") else {
            throw BackupError.running(folder: folder)
        }
        let (copy, partial) = ("\(path).database", "\(path).partial")
        defer {
            for file in [copy, "\(copy)-wal", "\(copy)-shm", partial] { try? Folder.removeFile(file) }
        }
        let schema = try Database.copy(folder: folder, to: copy)
        let facts = try DatabaseFile.facts(of: copy)
        try checkRoom(for: facts.mediaBytes + Folder.length(of: copy), at: path)
        let manifest = BackupManifest(
            createdAt: now,
            version: version,
            schema: schema,
            databaseBytes: try Folder.length(of: copy),
            databaseHash: try hash(of: copy),
            media: facts.media,
            mediaBytes: facts.mediaBytes
        )
        var archive = try TarWriter(path: partial)
        try archive.add(BackupManifest.name, Array(manifest.json.text.utf8), at: now)
        try archive.add("millrace.db", from: copy, length: manifest.databaseBytes, at: now) { _ in }
        try addMedia(of: copy, folder, to: &archive, now)
        for name in files(in: "\(folder)/catalog") {
            let file = "\(folder)/catalog/\(name)"
            try archive.add("catalog/\(name)", from: file, length: Folder.length(of: file), at: now) { _ in }
        }
        try archive.finish()
        try Folder.rename(partial, to: path)
        try Folder.synchronize(parent(path))
        _ = try lock.length()
        return manifest
    }

    private static func addMedia(
        of copy: String,
        _ folder: String,
        to archive: inout TarWriter,
        _ now: Instant
    ) throws {
        var last: ContentHash?
        while true {
            let page = try DatabaseFile.media(of: copy, after: last)
            for media in page {
                let name = "media/\(AssetStore.fileName(of: media.hash))"
                var sum = try SHA256()
                try archive.add(name, from: "\(folder)/\(name)", length: media.bytes, at: now) { sum.update($0.span) }
                guard ContentHash(bytes: sum.finish()) == media.hash else {
                    throw BackupError.damaged(what: "the bytes of \(name) in the data folder are not those of its hash")
                }
            }
            guard let next = page.last?.hash else { return }
            last = next
        }
    }

    private static func checkRoom(for bytes: Int64, at path: String) throws {
        let free = try Folder.freeBytes(at: parent(path))
        guard free > bytes else { throw BackupError.noRoom(path: path, needed: bytes, free: free) }
    }

    static func parent(_ path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    static func hash(of path: String) throws -> ContentHash {
        var file = try File(reading: path)
        var sum = try SHA256()
        while true {
            let piece = try file.read(atMost: 1 << 18)
            if piece.isEmpty { break }
            sum.update(piece.span)
        }
        guard let hash = ContentHash(bytes: sum.finish()) else { throw BackupError.damaged(what: path) }
        return hash
    }

    /// The regular files below a folder by their paths in it, links left out.
    private static func files(in folder: String, _ prefix: String = "", depth: Int = 0) -> [String] {
        guard depth < 8, let names = try? Folder.names(in: folder) else { return [] }
        return names.flatMap { name -> [String] in
            let path = "\(folder)/\(name)"
            if Folder.isLink(path) { return [] }
            if Folder.isFolder(path) { return files(in: path, "\(prefix)\(name)/", depth: depth + 1) }
            return Folder.isRegularFile(path) ? [prefix + name] : []
        }
    }
}
