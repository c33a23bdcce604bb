private import Glibc

/// What can be done with paths; all calls block.
public enum Folder {
    /// Makes a folder and those above it, readable by the owner only; an existing one is no error.
    public static func make(_ path: String) throws(FileError) {
        if unsafe mkdir(path, 0o700) == 0 || (errno == EEXIST && isFolder(path)) { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw FileError.last(path)
        }
        try make(String(path[..<slash]))
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileError.last(path) }
    }

    /// Whether the path names a folder.
    public static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether the path names a file or folder.
    public static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// Whether the path names a file with bytes of its own or a link to one; no pipe, device or folder.
    public static func isRegularFile(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// What changes when the file at a path does; `nil` when there is none.
    public static func stamp(of path: String) -> FileStamp? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return FileStamp(
            number: UInt64(status.st_ino),
            bytes: Int64(status.st_size),
            seconds: Int64(status.st_mtim.tv_sec),
            nanoseconds: Int64(status.st_mtim.tv_nsec)
        )
    }

    /// Whether the path names a program this process may start.
    public static func isExecutable(_ path: String) -> Bool {
        unsafe !isFolder(path) && access(path, X_OK) == 0
    }

    /// The names in a folder, sorted, without `.` and `..`.
    public static func names(in path: String) throws(FileError) -> [String] {
        guard let stream = unsafe opendir(path) else { throw FileError.last(path) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Gives a file another path, replacing what is there, in one step.
    public static func rename(_ path: String, to newPath: String) throws(FileError) {
        guard unsafe Glibc.rename(path, newPath) == 0 else { throw FileError.last(path) }
    }

    /// Gives an existing file a second name: a symbolic link to its full path.
    public static func link(_ path: String, to target: String) throws(FileError) {
        guard let full = unsafe realpath(target, nil) else { throw FileError.last(target) }
        defer { unsafe free(full) }
        guard unsafe symlink(full, path) == 0 else { throw FileError.last(path) }
    }

    /// Moves a file to another path, which may lie on another disk.
    public static func move(_ path: String, to newPath: String) throws(FileError) {
        if unsafe Glibc.rename(path, newPath) == 0 { return }
        guard errno == EXDEV else { throw FileError.last(path) }
        var source = try File(reading: path)
        var copy = try File(writing: newPath)
        while true {
            let piece = try source.read(atMost: 1 << 18)
            if piece.isEmpty { break }
            try copy.write(piece.span)
        }
        try removeFile(path)
    }

    /// Removes a file; a missing one is no error.
    public static func removeFile(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw FileError.last(path) }
    }

    /// Removes a folder with all that is in it, without following links; a missing one is no error.
    public static func remove(_ path: String) throws(FileError) {
        guard isFolder(path), !isLink(path) else { return try removeFile(path) }
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        guard unsafe rmdir(path) == 0 || errno == ENOENT else { throw FileError.last(path) }
    }

    /// Returns when the names in a folder are on the disk.
    public static func synchronize(_ path: String) throws(FileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError.last(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError.last(path) }
    }

    /// The bytes free for this process on the disk of a path.
    public static func freeBytes(at path: String) throws(FileError) -> Int64 {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { throw FileError.last(path) }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }

    /// The whole of a file.
    ///
    /// - Returns: `nil` when it is longer than the limit, in bytes.
    public static func contents(of path: String, atMost limit: Int) throws(FileError) -> [UInt8]? {
        var file = try File(reading: path)
        var bytes: [UInt8] = []
        while true {
            let piece = try file.read(atMost: 65_536)
            if piece.isEmpty { return bytes }
            bytes.append(contentsOf: piece)
            if bytes.count > limit { return nil }
        }
    }

    /// Writes a file in one step: whoever reads it finds the old bytes or the new ones.
    ///
    /// A file that is there keeps its rights.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        var status = stat()
        let isThere = unsafe stat(path, &status) == 0
        let draft = "\(path).new"
        var file = try File(writing: draft)
        try file.write(bytes.span)
        try file.synchronize()
        if isThere {
            guard unsafe chmod(draft, status.st_mode & 0o777) == 0 else { throw FileError.last(draft) }
        }
        try rename(draft, to: path)
    }

    /// The length of a file in bytes, asked for without opening it: to close a file again gives up every lock that the
    /// process holds on it.
    public static func length(of path: String) throws(FileError) -> Int64 {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw FileError.last(path) }
        return Int64(status.st_size)
    }

    /// How long ago the file was last written, by the clock that files are dated by; `nil` when there is none.
    public static func timeSinceLastWrite(of path: String) -> Duration? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return .seconds(time(nil) - status.st_mtim.tv_sec)
    }

    /// Whether the path names a symbolic link.
    public static func isLink(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}

/// What changes when a file does: which file it is, its length, and when it was written.
public struct FileStamp: Hashable, Sendable {
    fileprivate let number: UInt64
    fileprivate let bytes: Int64
    fileprivate let seconds: Int64
    fileprivate let nanoseconds: Int64
}
