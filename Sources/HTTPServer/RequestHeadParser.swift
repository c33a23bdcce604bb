internal import HTTPValues

/// Reads a request's head line by line as its bytes come in, and refuses whatever could be read in two ways.
///
/// It follows RFC 9112 and is stricter where leniency has let requests be smuggled: lines end in CRLF only, nothing may
/// stand before the request line, lines are not folded, exactly one Host is there, and the body's end is announced in
/// exactly one way.
package struct RequestHeadParser {
    /// Where the first line begins that is not read yet.
    private var lineStart = 0
    private var requestLine: RequestLine?
    private var entries: [HTTPFields.Entry] = []
    private var facts = FieldFacts()

    package init() {}

    /// Reads on.
    ///
    /// - Parameters:
    ///   - bytes: What has come since the head's first byte, with what may follow the head.
    ///   - limits: The same at every call.
    /// - Returns: The head and its length in bytes, or `nil` as long as its end has not come.
    /// - Throws: Why the request must be refused.
    package mutating func parse(
        _ bytes: Span<UInt8>,
        limits: HTTPLimits
    ) throws(HTTPRefusal) -> (head: RequestHead, length: Int)? {
        while true {
            var line = LineReader(position: lineStart)
            guard let requestLine else {
                guard let found = try RequestLine(bytes, &line, limits: limits) else {
                    guard bytes.count < limits.headBytes else { throw .headTooLarge }
                    return nil
                }
                self.requestLine = found
                lineStart = line.position
                continue
            }
            if try line.takesLineEnd(bytes) {
                guard line.position <= limits.headBytes else { throw .headTooLarge }
                return (try head(requestLine, bytes, limits), line.position)
            }
            guard let entry = try line.takeField(bytes) else {
                guard bytes.count < limits.headBytes else { throw .headTooLarge }
                return nil
            }
            guard entries.count < limits.fields else { throw .headTooLarge }
            if entries.isEmpty { entries.reserveCapacity(12) }
            try facts.note(entry, in: bytes)
            entries.append(entry)
            lineStart = line.position
        }
    }

    private func head(
        _ line: RequestLine,
        _ bytes: Span<UInt8>,
        _ limits: HTTPLimits
    ) throws(HTTPRefusal) -> RequestHead {
        guard let method = line.method else { throw .unknownMethod }
        guard facts.hosts <= 1 else { throw .malformed("The request names more than one Host.") }
        guard facts.hosts == 1 || line.minorVersion == 0 else { throw .malformed("The request names no Host.") }
        return RequestHead(
            method: method,
            target: try line.target(for: method, host: facts.host, in: bytes),
            minorVersion: line.minorVersion,
            fields: HTTPFields(bytes: lowercasingNames(of: bytes), entries: entries),
            framing: try facts.framing(minorVersion: line.minorVersion, limits: limits),
            keepsAlive: line.minorVersion == 1 && !facts.asksToClose,
            expectsContinue: try facts.expectsContinue(minorVersion: line.minorVersion)
        )
    }

    /// The bytes up to the last field's end.
    private func lowercasingNames(of bytes: Span<UInt8>) -> [UInt8] {
        guard let last = entries.last else { return [] }
        var copy = bytes.copy(0..<last.valueRange.upperBound)
        for entry in entries {
            for index in entry.nameRange { copy[index] = copy[index].lowercased }
        }
        return copy
    }
}

extension Span<UInt8> {
    /// The bytes of a range as an array.
    func copy(_ range: Range<Int>) -> [UInt8] {
        unsafe extracting(range).withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// The bytes of a range as text; what is no UTF-8 is replaced.
    func text(_ range: Range<Int>) -> String {
        unsafe extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the bytes of a range are that text, which is in lower case, without regard to case.
    func matches(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { wanted in
            for offset in 0..<range.count {
                guard unsafe self[range.lowerBound + offset].lowercased == wanted[offset] else { return false }
            }
            return true
        }
    }
}
