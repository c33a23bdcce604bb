/// The body of a request as libcurl asks for it.
struct UploadSource {
    /// Bytes that are ready, and how many of them are used up.
    private var ready: [UInt8]
    private var used = 0
    /// What of a file is not read yet.
    private(set) var fileOffset = 0
    private(set) var fileLeft = 0
    let path: String?

    init(_ body: OutgoingRequest.Body) {
        switch body {
        case .none:
            ready = []
            path = nil
        case .bytes(let bytes):
            ready = bytes
            path = nil
        case .file(let path, let offset, let length):
            ready = []
            self.path = path
            fileOffset = offset
            fileLeft = length
        }
    }

    /// Whether nothing is ready now but more will be.
    var mustWait: Bool { used == ready.count && fileLeft > 0 }

    /// Copies the next bytes.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, ready.count - used)
        guard count > 0 else { return 0 }
        unsafe buffer.copyBytes(from: ready[used..<used + count])
        used += count
        return count
    }

    /// Adds what was read from the file.
    mutating func append(_ bytes: [UInt8]) {
        ready = bytes
        used = 0
        fileOffset += bytes.count
        fileLeft -= bytes.count
    }

    /// Goes back to the start when that is possible.
    mutating func rewind() -> Bool {
        guard path == nil else { return false }
        used = 0
        return true
    }
}
