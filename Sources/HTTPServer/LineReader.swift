internal import HTTPValues

/// Reads the parts of one line of a head from left to right.
struct LineReader {
    /// Where to read on in the bytes that every method is given.
    var position: Int

    /// Steps over a line end when one stands here; half of one counts as not there yet.
    mutating func takesLineEnd(_ bytes: Span<UInt8>) throws(HTTPRefusal) -> Bool {
        guard position < bytes.count else { return false }
        if bytes[position] == 0x0A { throw .malformed("A line ends in a bare line feed.") }
        guard bytes[position] == 0x0D, position + 1 < bytes.count else { return false }
        guard bytes[position + 1] == 0x0A else { throw .malformed("A carriage return stands alone.") }
        position += 2
        return true
    }

    /// Reads a field line and its end; `nil` when the end has not come.
    mutating func takeField(_ bytes: Span<UInt8>) throws(HTTPRefusal) -> HTTPFields.Entry? {
        let nameStart = position
        var index = position
        while index < bytes.count, bytes[index].isTokenCharacter { index += 1 }
        guard index < bytes.count else { return nil }
        guard bytes[index] == 0x3A, index > nameStart else {
            // A folded line, a space before the colon, a control character: none of them is repaired.
            if bytes[index] == 0x0D, index == nameStart, index + 1 == bytes.count { return nil }
            throw .malformed("A header line does not begin with a name and a colon.")
        }
        let nameLength = index - nameStart
        index += 1
        while index < bytes.count, bytes[index].isBlank { index += 1 }
        let valueStart = index
        while index < bytes.count, bytes[index].isFieldCharacter { index += 1 }
        guard index < bytes.count else { return nil }
        var valueEnd = index
        while valueEnd > valueStart, bytes[valueEnd - 1].isBlank { valueEnd -= 1 }
        position = index
        guard try takesLineEnd(bytes) else {
            guard bytes[index] == 0x0D else { throw .malformed("A header value has a control character.") }
            return nil
        }
        return HTTPFields.Entry(
            name: nameStart,
            nameLength: nameLength,
            value: valueStart,
            valueLength: valueEnd - valueStart
        )
    }
}

extension UInt8 {
    /// Whether the byte is a space or a tab.
    var isBlank: Bool { self == 0x20 || self == 0x09 }
}
