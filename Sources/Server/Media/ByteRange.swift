/// What of some bytes a request asks for (RFC 9110, section 14).
enum ByteRange: Equatable {
    /// All of them: there is no range, or none that has to be understood.
    case whole
    /// So many from a place on.
    case part(first: Int, count: Int)
    /// None that are there.
    case unsatisfiable

    /// Reads the header field `Range`; several ranges at once are not served, so all bytes are.
    init(_ header: String?, of length: Int) {
        self = .whole
        guard let header, header.hasPrefix("bytes=") else { return }
        let parts = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else { return }
        // A number with more digits than any length is as good as the largest one.
        func number(_ text: Substring) -> Int { Int(text) ?? .max }
        switch (parts[0].isEmpty, parts[1].isEmpty) {
        case (true, true): return
        case (true, false):
            let count = min(number(parts[1]), length)
            self = count == 0 ? .unsatisfiable : .part(first: length - count, count: count)
        case (false, let isOpen):
            let first = number(parts[0])
            let last = isOpen ? length - 1 : min(number(parts[1]), length - 1)
            guard isOpen || number(parts[1]) >= first else { return }
            self = first < length ? .part(first: first, count: last - first + 1) : .unsatisfiable
        }
    }
}
