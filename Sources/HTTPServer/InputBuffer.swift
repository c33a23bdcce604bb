/// Bytes that have come and are not used up; holds no memory when there are none.
struct InputBuffer {
    private var bytes: [UInt8] = []
    private var start = 0

    var isEmpty: Bool { start == bytes.count }
    var count: Int { bytes.count - start }

    /// Runs a closure with the bytes.
    func withSpan<Result>(_ body: (Span<UInt8>) throws(HTTPRefusal) -> Result) throws(HTTPRefusal) -> Result {
        try body(bytes.span.extracting(start..<bytes.count))
    }

    mutating func append(_ more: ArraySlice<UInt8>) {
        if start > 0, start * 2 >= bytes.count {
            bytes.removeFirst(start)
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    mutating func consume(_ count: Int) {
        start += count
        if start == bytes.count { removeAll() }
    }

    mutating func removeAll() {
        bytes = []
        start = 0
    }
}
