extension String {
    /// The number of code points.
    var scalarCount: Int { scalarCount(before: utf8.count) }

    /// The number of code points that begin before a byte.
    func scalarCount(before end: Int) -> Int {
        let bytes = utf8Span.span
        if utf8Span.isKnownASCII { return end }
        var count = 0
        for place in 0..<end where bytes[place] & 0xC0 != 0x80 { count += 1 }
        return count
    }

    /// The byte at which the code point of a number begins, or the end for the number after the last.
    func index(at place: Int64) throws(Failure) -> String.Index {
        guard place >= 0, place <= utf8.count,
            let index = unicodeScalars.index(startIndex, offsetBy: Int(place), limitedBy: endIndex)
        else { throw Failure(.invalidValue("The text has no place \(place); it has \(scalarCount) characters.")) }
        return index
    }

    /// The text between two bytes at which code points begin.
    func bytes(_ range: Range<Int>) -> String {
        let start = utf8.index(startIndex, offsetBy: range.lowerBound)
        return String(self[start..<utf8.index(start, offsetBy: range.count)])
    }

    /// The text with each byte of ASCII replaced.
    func mappingASCII(_ replace: (UInt8) -> UInt8) -> String {
        String(decoding: utf8.map(replace), as: UTF8.self)
    }

    /// The text without white space at its ends.
    var trimmed: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }

    /// The text as a literal, as `strings.quote` writes it.
    var quoted: String {
        var result = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\u{07}": result += "\\a"
            case "\u{08}": result += "\\b"
            case "\u{0C}": result += "\\f"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0B}": result += "\\v"
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
