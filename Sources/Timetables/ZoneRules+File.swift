extension ZoneRules {
    /// Reads a file of the time zone database, of version 2 or later (RFC 9636, section 3); `nil` when it is none.
    public init?(file bytes: [UInt8]) {
        guard let old = Header(bytes, at: 0), old.version >= 0x32 else { return nil }
        // The first block holds 32-bit times for old readers.
        guard let header = Header(bytes, at: Header.length + old.bytes(perTime: 4)) else { return nil }
        var place = header.end
        guard bytes.count >= place + header.bytes(perTime: 8), header.types > 0 else { return nil }
        let times = (0..<header.times).map { Self.integer(bytes, at: place + $0 * 8, count: 8) }
        place += header.times * 8
        let kinds = bytes[place..<place + header.times].map(Int.init)
        place += header.times
        let offsets = (0..<header.types).map { Self.integer(bytes, at: place + $0 * 6, count: 4) }
        guard kinds.allSatisfy(offsets.indices.contains), zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }),
            offsets.allSatisfy({ (-90_000...100_000).contains($0) })
        else { return nil }
        let footer = bytes[(header.end + header.bytes(perTime: 8))...]
        guard footer.first == 0x0A, let end = footer.dropFirst().firstIndex(of: 0x0A) else { return nil }
        let text = String(decoding: footer[(footer.startIndex + 1)..<end], as: UTF8.self)
        var rule: YearlyRule?
        if !text.isEmpty {
            guard let read = YearlyRule(text) else { return nil }
            rule = read
        }
        self.init(first: offsets[0], changes: zip(times, kinds).map { ($0, offsets[$1]) }, rule: rule)
    }

    /// What stands before each of the two blocks.
    private struct Header {
        static let length = 44
        let version: UInt8
        let times: Int
        let types: Int
        /// Where the block begins.
        let end: Int
        private let rest: Int
        private let leaps: Int

        init?(_ bytes: [UInt8], at place: Int) {
            guard bytes.count >= place + Self.length, bytes[place..<place + 4].elementsEqual("TZif".utf8) else {
                return nil
            }
            version = bytes[place + 4]
            let counts = (0..<6).map { Int(ZoneRules.integer(bytes, at: place + 20 + $0 * 4, count: 4)) }
            guard counts.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
            (times, types, leaps) = (counts[3], counts[4], counts[2])
            rest = counts[5] + counts[1] + counts[0]
            end = place + Self.length
        }

        /// The length of the block.
        func bytes(perTime size: Int) -> Int { times * (size + 1) + types * 6 + leaps * (size + 4) + rest }
    }

    /// A big-endian signed number.
    private static func integer(_ bytes: [UInt8], at place: Int, count: Int) -> Int64 {
        let value = bytes[place..<place + count].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return count == 8 ? Int64(bitPattern: value) : Int64(Int32(truncatingIfNeeded: value))
    }
}
