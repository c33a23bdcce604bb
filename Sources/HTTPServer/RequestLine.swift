internal import HTTPValues

/// The first line of a request.
struct RequestLine {
    /// `nil` for a well-formed method that is not known here.
    let method: HTTPMethod?
    let minorVersion: Int
    private let targetRange: Range<Int>

    /// Reads the line; `nil` when its end has not come.
    init?(_ bytes: Span<UInt8>, _ line: inout LineReader, limits: HTTPLimits) throws(HTTPRefusal) {
        guard let method = try line.takeToken(bytes) else { return nil }
        guard let target = try line.takeTarget(bytes, limit: limits.targetBytes) else { return nil }
        guard let version = try line.takeVersion(bytes) else { return nil }
        self.method = method.count <= 7 ? HTTPMethod(rawValue: bytes.text(method)) : nil
        minorVersion = version
        targetRange = target
    }

    /// The target in the form that begins with a slash, or `*`.
    ///
    /// A full address (RFC 9112, section 3.2.2) must name the same host as the Host field.
    func target(for method: HTTPMethod, host: Range<Int>?, in bytes: Span<UInt8>) throws(HTTPRefusal) -> String {
        let range = targetRange
        if bytes[range.lowerBound] == 0x2F { return bytes.text(range) }
        if range.count == 1, bytes[range.lowerBound] == 0x2A {
            guard method == .options else { throw .malformed("Only OPTIONS may have the target “*”.") }
            return "*"
        }
        var start = range.lowerBound
        if range.count > 7, bytes.matches(start..<start + 7, "http://") {
            start += 7
        } else if range.count > 8, bytes.matches(start..<start + 8, "https://") {
            start += 8
        } else {
            throw .malformed("The request target is neither a path nor an address.")
        }
        var end = start
        while end < range.upperBound, bytes[end] != 0x2F, bytes[end] != 0x3F { end += 1 }
        guard let host, host.count == end - start else { throw .malformed("Target and Host name different hosts.") }
        for offset in 0..<host.count
        where bytes[host.lowerBound + offset].lowercased != bytes[start + offset].lowercased {
            throw .malformed("Target and Host name different hosts.")
        }
        let rest = bytes.text(end..<range.upperBound)
        return rest.utf8.first == 0x2F ? rest : "/" + rest
    }
}

extension LineReader {
    /// The method and the space behind it.
    fileprivate mutating func takeToken(_ bytes: Span<UInt8>) throws(HTTPRefusal) -> Range<Int>? {
        let start = position
        while position < bytes.count, bytes[position].isTokenCharacter {
            position += 1
            guard position - start <= 32 else { throw .unknownMethod }
        }
        guard position < bytes.count else { return nil }
        guard bytes[position] == 0x20, position > start else {
            throw .malformed("The request does not begin with a method and a space.")
        }
        position += 1
        return start..<position - 1
    }

    /// The target, visible ASCII without a fragment, and the space behind it.
    fileprivate mutating func takeTarget(_ bytes: Span<UInt8>, limit: Int) throws(HTTPRefusal) -> Range<Int>? {
        let start = position
        while position < bytes.count, bytes[position] &- 0x21 < 0x5E, bytes[position] != 0x23 {
            position += 1
            guard position - start <= limit else { throw .targetTooLong(limit: limit) }
        }
        guard position < bytes.count else { return nil }
        guard bytes[position] == 0x20, position > start else {
            throw .malformed("The request target is empty or has a character that must be escaped.")
        }
        position += 1
        return start..<position - 1
    }

    /// The minor version of HTTP/1 and the line end.
    fileprivate mutating func takeVersion(_ bytes: Span<UInt8>) throws(HTTPRefusal) -> Int? {
        guard bytes.count >= position + 8 else { return nil }
        let major = bytes[position + 5]
        let minor = bytes[position + 7]
        guard bytes.text(position..<position + 5) == "HTTP/", bytes[position + 6] == 0x2E,
            major &- 0x30 < 10, minor &- 0x30 < 10
        else { throw .malformed("The request line does not end in a version.") }
        guard major == 0x31, minor <= 0x31 else { throw .unknownVersion }
        let start = position
        position += 8
        guard position < bytes.count else { return nil }
        guard try takesLineEnd(bytes) else {
            guard bytes[start + 8] == 0x0D else { throw .malformed("The request line does not end after its version.") }
            return nil
        }
        return Int(minor - 0x30)
    }
}
