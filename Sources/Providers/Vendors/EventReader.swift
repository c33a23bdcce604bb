/// Cuts an answer that comes in pieces into its events, whatever the pieces are.
struct EventReader {
    /// Whether the answer holds server-sent events; otherwise each line is one.
    let isSSE: Bool
    private var line: [UInt8] = []
    private var data: [String] = []
    private var endsWithReturn = false

    /// The most bytes of one line.
    static let lineBytes = 4 << 20

    /// An event is longer than it may be.
    struct TooLong: Error {}

    init(isSSE: Bool) {
        self.isSSE = isSSE
    }

    /// The events that these bytes end, in order.
    mutating func read(_ bytes: [UInt8]) throws(TooLong) -> [String] {
        var events: [String] = []
        for byte in bytes {
            // Lines end with CR LF, LF or CR (HTML standard §9.2.5).
            let follows = endsWithReturn && byte == 0x0A
            endsWithReturn = byte == 0x0D
            if follows { continue }
            guard byte == 0x0A || byte == 0x0D else {
                line.append(byte)
                guard line.count <= Self.lineBytes else { throw TooLong() }
                continue
            }
            if let event = endLine() { events.append(event) }
        }
        return events
    }

    /// The event at the end of the answer that no line end follows.
    mutating func finish() -> String? {
        // An event that no empty line ends is not complete.
        isSSE || line.isEmpty ? nil : endLine()
    }

    private mutating func endLine() -> String? {
        let text = String(decoding: line, as: UTF8.self)
        line.removeAll(keepingCapacity: true)
        guard isSSE else { return text.isEmpty ? nil : text }
        guard !text.isEmpty else {
            defer { data = [] }
            return data.isEmpty ? nil : data.joined(separator: "\n")
        }
        if text.hasPrefix("data:") {
            let value = text.dropFirst(5)
            data.append(String(value.hasPrefix(" ") ? value.dropFirst() : value))
        }
        return nil
    }
}
