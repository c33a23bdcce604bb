internal import HTTPValues

/// Takes the chunks of a body apart (RFC 9112, section 7.1) as their bytes come in.
///
/// Sizes are hexadecimal digits only: extensions, which nobody needs and many read differently, are refused. Trailer
/// fields are checked and dropped.
package struct ChunkDecoder {
    /// The greatest number of bytes of all trailer lines.
    private static let trailerBytes = 4096

    private enum State: Equatable {
        case size(digits: Int, value: Int)
        case sizeEnd(value: Int)
        case data(left: Int)
        case dataEnd, dataLineFeed
        case trailers(seen: Int)
        case done
    }

    private var state = State.size(digits: 0, value: 0)

    package init() {}

    /// Whether the last chunk and its trailers are read.
    package var isDone: Bool { state == .done }

    /// Reads on to the next piece of data.
    ///
    /// - Parameters:
    ///   - bytes: What has come; read from `position`, which moves behind what is used up.
    ///   - position: Where to read on.
    ///   - limit: The greatest length of the piece.
    /// - Returns: Where in `bytes` the next piece of data stands, or `nil` when more bytes are needed or it is done.
    /// - Throws: Why the body must be refused.
    package mutating func next(
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        atMost limit: Int
    ) throws(HTTPRefusal) -> Range<Int>? {
        while position < bytes.count {
            switch state {
            case .size(let digits, let value):
                try readSize(bytes[position], digits, value)
                position += 1
            case .sizeEnd(let value):
                try expect(bytes[position], 0x0A)
                position += 1
                state = value == 0 ? .trailers(seen: 0) : .data(left: value)
            case .data(let left):
                let count = min(left, limit, bytes.count - position)
                defer { position += count }
                state = count == left ? .dataEnd : .data(left: left - count)
                return position..<position + count
            case .dataEnd:
                try expect(bytes[position], 0x0D)
                position += 1
                state = .dataLineFeed
            case .dataLineFeed:
                try expect(bytes[position], 0x0A)
                position += 1
                state = .size(digits: 0, value: 0)
            case .trailers(let seen):
                guard try readTrailer(bytes, &position, seen) else { return nil }
            case .done:
                return nil
            }
        }
        return nil
    }

    private mutating func readSize(_ byte: UInt8, _ digits: Int, _ value: Int) throws(HTTPRefusal) {
        if byte == 0x0D, digits > 0 {
            state = .sizeEnd(value: value)
            return
        }
        let digit: UInt8
        switch byte {
        case 0x30...0x39: digit = byte - 0x30
        case 0x41...0x46: digit = byte - 0x37
        case 0x61...0x66: digit = byte - 0x57
        default: throw .malformed("A chunk's size is not a hexadecimal number.")
        }
        guard digits < 8 else { throw .malformed("A chunk's size has more than eight digits.") }
        state = .size(digits: digits + 1, value: value << 4 | Int(digit))
    }

    private func expect(_ byte: UInt8, _ expected: UInt8) throws(HTTPRefusal) {
        guard byte == expected else { throw .malformed("A chunk does not end in a line end.") }
    }

    /// Steps over one trailer line or the end; `false` when the line's end has not come.
    private mutating func readTrailer(
        _ bytes: Span<UInt8>,
        _ position: inout Int,
        _ seen: Int
    ) throws(HTTPRefusal) -> Bool {
        var line = LineReader(position: position)
        if try line.takesLineEnd(bytes) {
            state = .done
        } else if let field = try line.takeField(bytes) {
            try checkTrailer(bytes, field.nameRange)
            let seen = seen + line.position - position
            guard seen <= Self.trailerBytes else { throw .headTooLarge }
            state = .trailers(seen: seen)
        } else {
            guard seen + bytes.count - position <= Self.trailerBytes else { throw .headTooLarge }
            return false
        }
        position = line.position
        return true
    }

    /// What says where a message ends or whom it is for cannot come behind it (RFC 9110, section 6.5.1).
    private func checkTrailer(_ bytes: Span<UInt8>, _ name: Range<Int>) throws(HTTPRefusal) {
        for forbidden: StaticString in ["content-length", "host", "transfer-encoding"]
        where bytes.matches(name, forbidden) {
            throw .malformed("A trailer field must not stand behind the body.")
        }
    }
}
