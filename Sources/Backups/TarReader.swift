import FileSystem

/// Reads the files of an archive one after another.
struct TarReader: ~Copyable {
    private var file: File
    private var left: Int64 = 0
    private var padding: Int64 = 0

    init(path: String) throws(FileError) {
        file = try File(reading: path)
    }

    /// Goes to the next file; `nil` at the end of the archive.
    ///
    /// - Throws: ``BackupError/damaged(what:)`` when the archive ends too early.
    mutating func next() throws -> TarHeader? {
        while try !read(atMost: 1 << 18).isEmpty {}
        _ = try exactly(Int(padding))
        guard let header = try TarHeader(try exactly(TarHeader.size)) else { return nil }
        left = header.length
        let rest = header.length % Int64(TarHeader.size)
        padding = rest == 0 ? 0 : Int64(TarHeader.size) - rest
        return header
    }

    /// The next bytes of the file; none at its end.
    mutating func read(atMost count: Int) throws -> [UInt8] {
        guard left > 0 else { return [] }
        let bytes = try file.read(atMost: Int(min(left, Int64(count))))
        guard !bytes.isEmpty else { throw BackupError.damaged(what: "the archive: it ends too early") }
        left -= Int64(bytes.count)
        return bytes
    }

    private mutating func exactly(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try file.read(atMost: count - bytes.count)
            guard !piece.isEmpty else { throw BackupError.damaged(what: "the archive: it ends too early") }
            bytes += piece
        }
        return bytes
    }
}
