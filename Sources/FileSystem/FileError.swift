private import Glibc

/// Why a file or folder could not be used.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file or folder.
    public let path: String
    /// The system's error number.
    public let code: Int32

    /// The error the last system call left.
    static func last(_ path: String) -> FileError { FileError(path: path, code: errno) }

    /// Whether there is no such file.
    public var isMissing: Bool { code == ENOENT }
    /// Whether the disk, or the quota of the user, is full.
    public var isFull: Bool { code == ENOSPC || code == EDQUOT }

    /// The path with what the system says.
    public var description: String { unsafe "\(path): \(String(cString: strerror(code)))." }
}

extension FileError {
    /// A file whose bytes could not be read for a reason that no system call names.
    package static func unreadable(_ path: String) -> FileError { FileError(path: path, code: EIO) }

    /// A file that ought to be there and is not.
    package static func missing(_ path: String) -> FileError { FileError(path: path, code: ENOENT) }
}
