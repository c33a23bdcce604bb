private import Glibc

/// Why a file could not be opened, read or written.
public struct BlockingFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call that failed.
    public let call: String
    /// The file.
    public let path: String
    /// The operating system's errno, or 0 when the file ended too early.
    public let code: Int32

    package init(call: String, path: String, code: Int32) {
        self.call = call
        self.path = path
        self.code = code
    }

    /// What happened to which file.
    public var description: String {
        code == 0
            ? "The file \(path) is shorter than expected. It was changed while it was read."
            : "\(call) failed for \(path) with error \(code). Check the path, its permissions and the space left."
    }
}

/// An open file whose every call blocks; to be used on a ``BlockingPool`` or a ``BlockingExecutor``.
public final class BlockingFile: Sendable {
    /// Where the file is.
    public let path: String
    private let descriptor: Descriptor

    /// Opens a file to read it.
    ///
    /// - Parameter path: An existing file.
    /// - Throws: ``BlockingFileError``.
    public init(reading path: String) throws(BlockingFileError) {
        self.path = path
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw BlockingFileError(call: "open", path: path, code: errno) }
        descriptor = Descriptor(owning: number)
    }

    /// Makes a new file, which only this user may read, to write it.
    ///
    /// - Parameter path: Where nothing is yet.
    /// - Throws: ``BlockingFileError``; with `EEXIST` when something is there.
    public init(creating path: String) throws(BlockingFileError) {
        self.path = path
        let number = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw BlockingFileError(call: "open", path: path, code: errno) }
        descriptor = Descriptor(owning: number)
    }

    /// The file's length in bytes.
    public func size() throws(BlockingFileError) -> Int {
        var facts = stat()
        guard unsafe fstat(descriptor.number, &facts) == 0 else { throw failure("fstat") }
        return Int(facts.st_size)
    }

    /// Reads exactly so many bytes.
    ///
    /// - Parameters:
    ///   - offset: The number of bytes before the first one.
    ///   - count: How many.
    /// - Returns: The bytes.
    /// - Throws: ``BlockingFileError``; with code 0 when the file ends before.
    public func read(at offset: Int, count: Int) throws(BlockingFileError) -> [UInt8] {
        var bytes = Array(repeating: UInt8(0), count: count)
        var done = 0
        while done < count {
            let result = unsafe bytes.withUnsafeMutableBytes { buffer in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                return unsafe pread(descriptor.number, rest.baseAddress, rest.count, offset + done)
            }
            if result < 0, errno == EINTR { continue }
            guard result >= 0 else { throw failure("pread") }
            guard result > 0 else { throw BlockingFileError(call: "pread", path: path, code: 0) }
            done += result
        }
        return bytes
    }

    /// Writes all bytes.
    ///
    /// - Parameters:
    ///   - bytes: What to write.
    ///   - offset: The number of bytes before the first one.
    /// - Throws: ``BlockingFileError``.
    public func write(_ bytes: [UInt8], at offset: Int) throws(BlockingFileError) {
        var done = 0
        while done < bytes.count {
            let result = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
                return unsafe pwrite(descriptor.number, rest.baseAddress, rest.count, offset + done)
            }
            if result < 0, errno == EINTR { continue }
            guard result >= 0 else { throw failure("pwrite") }
            done += result
        }
    }

    /// Returns when the file's bytes are on the disk.
    public func synchronize() throws(BlockingFileError) {
        guard fsync(descriptor.number) == 0 else { throw failure("fsync") }
    }

    /// Removes a file; that it is not there is no error.
    ///
    /// - Parameter path: The file.
    /// - Throws: ``BlockingFileError``.
    public static func remove(_ path: String) throws(BlockingFileError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw BlockingFileError(call: "unlink", path: path, code: errno)
        }
    }

    private func failure(_ call: String) -> BlockingFileError {
        BlockingFileError(call: call, path: path, code: errno)
    }
}
