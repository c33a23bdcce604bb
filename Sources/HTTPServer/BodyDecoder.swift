/// Finds a body's data among the bytes of the connection.
enum BodyDecoder {
    case length(left: Int)
    case chunked(ChunkDecoder)

    init(_ framing: BodyFraming) {
        switch framing {
        case .length(let count): self = .length(left: count)
        case .chunked: self = .chunked(ChunkDecoder())
        }
    }

    /// Whether the whole body has been read.
    var isDone: Bool {
        switch self {
        case .length(let left): left == 0
        case .chunked(let decoder): decoder.isDone
        }
    }

    /// The number of bytes still to come; `nil` when that is not known.
    var bytesLeft: Int? {
        switch self {
        case .length(let left): left
        case .chunked(let decoder): decoder.isDone ? 0 : nil
        }
    }

    /// Takes the data there is out of the input.
    ///
    /// - Parameters:
    ///   - input: What has come; what is used up is removed.
    ///   - limit: The greatest number of bytes taken.
    ///   - use: Called with each piece of data.
    /// - Throws: Why the body must be refused.
    mutating func take(
        from input: inout InputBuffer,
        atMost limit: Int,
        _ use: (Span<UInt8>) -> Void
    ) throws(HTTPRefusal) {
        var position = 0
        var room = limit
        try input.withSpan { bytes throws(HTTPRefusal) in
            while room > 0, let range = try next(bytes, &position, room) {
                use(bytes.extracting(range))
                room -= range.count
            }
        }
        input.consume(position)
    }

    private mutating func next(
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        _ room: Int
    ) throws(HTTPRefusal) -> Range<Int>? {
        switch self {
        case .length(let left):
            let count = min(left, room, bytes.count - position)
            guard count > 0 else { return nil }
            self = .length(left: left - count)
            defer { position += count }
            return position..<position + count
        case .chunked(var decoder):
            let range = try decoder.next(bytes, &position, atMost: room)
            self = .chunked(decoder)
            return range
        }
    }
}
