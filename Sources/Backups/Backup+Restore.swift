import Crypto
import FileSystem
import Storage
import Values

extension Backup {
    /// Restores a backup; all calls block.
    ///
    /// Everything is read and checked before anything in the folder is changed.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - folder: The data folder; made if missing, and held against servers.
    ///   - isForced: Whether what is in the folder may be moved aside, to a folder inside it.
    /// - Returns: What the backup says about itself, and where what was there before is now.
    /// - Throws: ``BackupError``, or what the disk says.
    public static func restore(
        _ path: String,
        to folder: String,
        isForced: Bool
    ) throws -> (manifest: BackupManifest, before: String?) {
        guard Folder.exists(path) else { throw BackupError.noBackup(file: path) }
        try Folder.make(folder)
        let there = try Folder.names(in: folder).filter { $0 != "lock" && $0 != Database.restoring }
        guard there.isEmpty || isForced else { throw BackupError.folderNotEmpty(folder) }
        guard let lock = try File.lock("\(folder)/lock") else { throw StorageError.folderInUse(path: folder) }
        let draft = "\(folder)/\(Database.restoring)"
        try Folder.remove(draft)
        let manifest: BackupManifest
        do {
            try Folder.make("\(draft)/new")
            manifest = try unpack(path, to: "\(draft)/new")
        } catch {
            try? Folder.remove(draft)
            throw error
        }
        let before = try exchange(there, in: folder, with: draft)
        _ = try lock.length()
        return (manifest, before)
    }

    /// Moves aside what is there, and what was unpacked into its place, the database last.
    ///
    /// Until then the folder
    /// `restoring` keeps a server from starting on a half of both.
    private static func exchange(_ there: [String], in folder: String, with draft: String) throws -> String? {
        var before: String?
        if !there.isEmpty {
            var number = 1
            while Folder.exists("\(folder)/before-restore-\(number)") { number += 1 }
            let aside = "\(folder)/before-restore-\(number)"
            try Folder.make(aside)
            for name in there where !name.hasPrefix("before-restore-") {
                try Folder.rename("\(folder)/\(name)", to: "\(aside)/\(name)")
            }
            before = aside
        }
        let names = try Folder.names(in: "\(draft)/new")
        for name in names.filter({ $0 != "millrace.db" }) + ["millrace.db"] {
            try Folder.rename("\(draft)/new/\(name)", to: "\(folder)/\(name)")
        }
        try Folder.synchronize(folder)
        try Folder.remove(draft)
        return before
    }

    /// Unpacks and checks an archive.
    private static func unpack(_ path: String, to folder: String) throws -> BackupManifest {
        var archive = try TarReader(path: path)
        let first = try? archive.next()
        let head = first?.name == BackupManifest.name ? try? archive.read(atMost: 1 << 20) : nil
        guard let manifest = head.flatMap({ try? JSON(parsing: $0) }).flatMap(BackupManifest.init) else {
            throw BackupError.noBackup(file: path)
        }
        guard manifest.schema <= Database.schema else {
            throw BackupError.newerSchema(found: manifest.schema, known: Database.schema)
        }
        let needed = manifest.databaseBytes + manifest.mediaBytes
        let free = try Folder.freeBytes(at: folder)
        guard free > needed else { throw BackupError.noRoom(path: folder, needed: needed, free: free) }
        var media = 0
        while let header = try archive.next() {
            try checkName(header.name)
            let hash = try write(header, &archive, to: folder)
            if header.name == "millrace.db", hash != manifest.databaseHash {
                throw BackupError.damaged(what: "its database is not the one it says")
            }
            guard header.name.hasPrefix("media/") else { continue }
            guard header.name.dropFirst(6).filter({ $0 != "/" }) == hash.description else {
                throw BackupError.damaged(what: "the bytes of \(header.name) are not those of its hash")
            }
            media += 1
        }
        guard Folder.exists("\(folder)/millrace.db"), media == manifest.media else {
            throw BackupError.damaged(what: "it holds \(media) of \(manifest.media) media")
        }
        return manifest
    }

    /// Takes only the names that a backup writes: nothing may leave the folder.
    private static func checkName(_ name: String) throws(BackupError) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isKnown = name == "millrace.db" || (parts.count > 1 && (parts[0] == "media" || parts[0] == "catalog"))
        guard isKnown, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw .damaged(what: "it holds a file \(name)")
        }
    }

    private static func write(
        _ header: TarHeader,
        _ archive: inout TarReader,
        to folder: String
    ) throws -> ContentHash {
        let path = "\(folder)/\(header.name)"
        try Folder.make(parent(path))
        var file = try File(writing: path)
        var sum = try SHA256()
        while true {
            let piece = try archive.read(atMost: 1 << 18)
            if piece.isEmpty { break }
            sum.update(piece.span)
            try file.write(piece.span)
        }
        try file.synchronize()
        guard let hash = ContentHash(bytes: sum.finish()) else { throw BackupError.damaged(what: header.name) }
        return hash
    }
}
