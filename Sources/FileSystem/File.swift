private import Glibc

/// One open file; it closes when its single owner lets go of it.
///
/// All calls block.
public struct File: ~Copyable, Sendable {
    /// The path it was opened by.
    public let path: String
    private let descriptor: Int32

    /// Opens an existing file to read.
    public init(reading path: String) throws(FileError) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
        guard descriptor >= 0 else { throw FileError.last(path) }
    }

    /// Makes a file to write, readable by its owner only; an existing one is emptied.
    public init(writing path: String) throws(FileError) {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw FileError.last(path) }
    }

    /// Opens a file to hold it against other processes, making it if missing.
    ///
    /// - Returns: `nil` when another process holds it.
    public static func lock(_ path: String) throws(FileError) -> File? {
        let file = try File(locking: path)
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
        return file
    }

    private init(locking path: String) throws(FileError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw FileError.last(path) }
    }

    deinit {
        // A child that is being started still shares the open file for a moment, and the lock with it.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Appends all bytes.
    public mutating func write(_ bytes: Span<UInt8>) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let written = unsafe bytes.extracting(done...).withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw FileError.last(path) }
            done += written
        }
    }

    /// Reads at most so many bytes on from the last place; none at the end.
    public mutating func read(atMost count: Int) throws(FileError) -> [UInt8] {
        var failed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let got = unsafe Glibc.read(descriptor, buffer.baseAddress, count)
            failed = got < 0
            filled = max(0, got)
        }
        if failed { throw FileError.last(path) }
        return bytes
    }

    /// Moves the place of the next read, in bytes from the start.
    public mutating func seek(to offset: Int64) throws(FileError) {
        guard lseek(descriptor, Int(offset), SEEK_SET) == offset else { throw FileError.last(path) }
    }

    /// The length in bytes.
    public func length() throws(FileError) -> Int64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileError.last(path) }
        return Int64(status.st_size)
    }

    /// Returns when everything written is on the disk.
    public mutating func synchronize() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError.last(path) }
    }
}
