internal import HTTPValues

/// Puts an answer's head together from its lines.
struct HeadCollector {
    private(set) var status = 0
    private(set) var fields = HTTPFields()
    /// Whether the empty line behind the final answer's head has come.
    private(set) var isComplete = false
    private var bytes = 0

    /// Takes one line, its end included; `false` when the head is too large or no head.
    mutating func add(_ line: UnsafeRawBufferPointer, limit: Int) -> Bool {
        bytes += line.count
        guard bytes <= limit else { return false }
        var text = unsafe line[...]
        while let last = unsafe text.last, last == 0x0A || last == 0x0D { unsafe text.removeLast() }
        if unsafe text.isEmpty {
            // Interim answers, 100 and 103, are followed by another head.
            if status >= 200 { isComplete = true }
            return true
        }
        if unsafe text.starts(with: [0x48, 0x54, 0x54, 0x50, 0x2F]) {
            let words = unsafe text.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
            guard unsafe words.count >= 2 else { return false }
            let code = unsafe Int(String(decoding: words[1], as: UTF8.self)) ?? 0
            guard (100...999).contains(code) else { return false }
            status = code
            fields = HTTPFields()
            isComplete = false
            return true
        }
        addField(unsafe Array(text))
        return true
    }

    /// Lines without a proper name are dropped, as are trailers.
    private mutating func addField(_ line: [UInt8]) {
        guard !isComplete, let colon = line.firstIndex(of: 0x3A),
            let name = HTTPFieldName(String(decoding: line[..<colon], as: UTF8.self))
        else { return }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        fields.append(name, String(decoding: value, as: UTF8.self))
    }
}
