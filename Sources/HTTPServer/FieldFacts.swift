internal import HTTPValues

/// What the header fields say about the message itself.
struct FieldFacts {
    private(set) var hosts = 0
    private(set) var host: Range<Int>?
    private(set) var asksToClose = false
    private var length: Int?
    private var isChunked = false
    private var hasOtherCoding = false
    private var codings = 0
    private var awaitsContinue = false
    private var hasOtherExpectation = false

    mutating func note(_ entry: HTTPFields.Entry, in bytes: Span<UInt8>) throws(HTTPRefusal) {
        let (name, value) = (entry.nameRange, entry.valueRange)
        switch name.count {
        case 4 where bytes.matches(name, "host"):
            hosts += 1
            host = value
            try checkHost(bytes, value)
        case 6 where bytes.matches(name, "expect"):
            if bytes.matches(value, "100-continue") { awaitsContinue = true } else { hasOtherExpectation = true }
        case 10 where bytes.matches(name, "connection"):
            noteConnection(bytes, value)
        case 14 where bytes.matches(name, "content-length"):
            try noteLength(bytes, value)
        case 17 where bytes.matches(name, "transfer-encoding"):
            codings += 1
            if bytes.matches(value, "chunked") { isChunked = true } else { hasOtherCoding = true }
        default:
            break
        }
    }

    func framing(minorVersion: Int, limits: HTTPLimits) throws(HTTPRefusal) -> BodyFraming {
        guard codings > 0 else {
            let length = length ?? 0
            guard length <= limits.bodyBytes else { throw .bodyTooLarge(limit: limits.bodyBytes) }
            return .length(length)
        }
        guard length == nil else { throw .malformed("The request gives a length and a transfer coding.") }
        guard minorVersion == 1 else { throw .malformed("HTTP/1.0 has no transfer codings.") }
        guard codings == 1 else { throw .malformed("The request gives more than one transfer coding.") }
        guard isChunked, !hasOtherCoding else { throw .unknownCoding }
        return .chunked
    }

    func expectsContinue(minorVersion: Int) throws(HTTPRefusal) -> Bool {
        guard minorVersion == 1 else { return false }
        guard !hasOtherExpectation else { throw .unknownExpectation }
        return awaitsContinue
    }

    private mutating func noteLength(_ bytes: Span<UInt8>, _ value: Range<Int>) throws(HTTPRefusal) {
        guard length == nil else { throw .malformed("The request gives its length more than once.") }
        // Digits only, so no sign, no list and no blank; no leading zero, which some read as octal.
        guard (1...15).contains(value.count), value.count == 1 || bytes[value.lowerBound] != 0x30 else {
            throw .malformed("The Content-Length is not a number from 0 to 999999999999999.")
        }
        var number = 0
        for index in value {
            let digit = bytes[index] &- 0x30
            guard digit < 10 else { throw .malformed("The Content-Length is not a number.") }
            number = number * 10 + Int(digit)
        }
        length = number
    }

    private mutating func noteConnection(_ bytes: Span<UInt8>, _ value: Range<Int>) {
        var start = value.lowerBound
        for index in value.lowerBound...value.upperBound where index == value.upperBound || bytes[index] == 0x2C {
            var member = start..<index
            while let first = member.first, bytes[first].isBlank { member = member.dropFirst() }
            while let last = member.last, bytes[last].isBlank { member = member.dropLast() }
            if bytes.matches(member, "close") { asksToClose = true }
            start = index + 1
        }
    }

    /// A name or an address with an optional port (RFC 9112, section 3.2); an empty one names no host.
    private func checkHost(_ bytes: Span<UInt8>, _ value: Range<Int>) throws(HTTPRefusal) {
        guard !value.isEmpty else { throw .malformed("The Host is empty.") }
        for index in value {
            let byte = bytes[index]
            let isAllowed = byte.isTokenCharacter || byte == 0x3A || byte == 0x5B || byte == 0x5D
            guard isAllowed else { throw .malformed("The Host is not a name or an address with a port.") }
        }
    }
}
