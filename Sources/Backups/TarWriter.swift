import FileSystem
import Values

/// Writes files one after another in the form of POSIX `ustar` archives (IEEE 1003.1, pax), which every `tar` reads.
struct TarWriter: ~Copyable {
    private var file: File

    init(path: String) throws(FileError) {
        file = try File(writing: path)
    }

    /// Adds bytes as a file.
    mutating func add(_ name: String, _ bytes: [UInt8], at time: Instant) throws {
        try begin(name, length: Int64(bytes.count), at: time)
        try file.write(bytes.span)
        try pad(Int64(bytes.count))
    }

    /// Adds a file, and looks at each piece of it on the way.
    ///
    /// - Throws: ``BackupError/changed(file:)`` when it has another length than is said.
    mutating func add(
        _ name: String,
        from path: String,
        length: Int64,
        at time: Instant,
        look: ([UInt8]) -> Void
    ) throws {
        var source = try File(reading: path)
        guard try source.length() == length else { throw BackupError.changed(file: path) }
        try begin(name, length: length, at: time)
        var left = length
        while left > 0 {
            let piece = try source.read(atMost: Int(min(left, 1 << 18)))
            guard !piece.isEmpty else { throw BackupError.changed(file: path) }
            look(piece)
            try file.write(piece.span)
            left -= Int64(piece.count)
        }
        try pad(length)
    }

    /// Ends the archive; when this returns, it is on the disk.
    mutating func finish() throws(FileError) {
        let end = [UInt8](repeating: 0, count: 2 * TarHeader.size)
        try file.write(end.span)
        try file.synchronize()
    }

    private mutating func pad(_ length: Int64) throws(FileError) {
        let rest = Int(length % Int64(TarHeader.size))
        let zeros = [UInt8](repeating: 0, count: rest == 0 ? 0 : TarHeader.size - rest)
        try file.write(zeros.span)
    }

    private mutating func begin(_ name: String, length: Int64, at time: Instant) throws {
        let header = try TarHeader(name: name, length: length).bytes(at: time)
        try file.write(header.span)
    }
}
