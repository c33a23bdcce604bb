import Values

/// The block that stands before each file of an archive.
struct TarHeader: Equatable {
    /// The path inside the archive.
    var name: String
    /// The length of the file in bytes.
    var length: Int64

    /// The length of a block in bytes.
    static let size = 512

    init(name: String, length: Int64) {
        self.name = name
        self.length = length
    }

    /// The block.
    ///
    /// - Throws: ``BackupError/nameTooLong(_:)``.
    func bytes(at time: Instant) throws(BackupError) -> [UInt8] {
        let (prefix, name) = try split()
        var block = [UInt8](repeating: 0, count: Self.size)
        func put(_ bytes: some Sequence<UInt8>, at place: Int) {
            for (offset, byte) in bytes.enumerated() { block[place + offset] = byte }
        }
        put(name.utf8, at: 0)
        put(Self.octal(0o600, 7), at: 100)
        put(Self.octal(0, 7), at: 108)
        put(Self.octal(0, 7), at: 116)
        if length < 1 << 33 {
            put(Self.octal(length, 11), at: 124)
        } else {
            // Longer than eleven octal digits: the binary form that GNU tar and pax readers know.
            block[124] = 0x80
            for place in 0..<8 { block[128 + place] = UInt8(truncatingIfNeeded: length >> (56 - 8 * Int64(place))) }
        }
        put(Self.octal(max(0, time.seconds), 11), at: 136)
        block[156] = UInt8(ascii: "0")
        put("ustar\0".utf8, at: 257)
        put("00".utf8, at: 263)
        put(prefix.utf8, at: 345)
        put(Self.octal(Self.sum(block), 6) + [0, 0x20], at: 148)
        return block
    }

    /// Reads a block.
    ///
    /// - Returns: `nil` for the end of an archive.
    /// - Throws: ``BackupError/damaged(what:)``.
    init?(_ block: [UInt8]) throws(BackupError) {
        guard block.contains(where: { $0 != 0 }) else { return nil }
        guard block.count == Self.size, Self.number(block[148..<156]) == Self.sum(block) else {
            throw .damaged(what: "a header of the archive")
        }
        guard block[156] == UInt8(ascii: "0") || block[156] == 0 else {
            throw .damaged(what: "the archive: it holds something that is no file")
        }
        let (prefix, name) = (Self.text(block[345..<500]), Self.text(block[0..<100]))
        self.name = prefix.isEmpty ? name : "\(prefix)/\(name)"
        if block[124] == 0x80 {
            length = block[128..<136].reduce(0) { $0 << 8 | Int64($1) }
        } else {
            length = Self.number(block[124..<136])
        }
        guard length >= 0 else { throw .damaged(what: "a header of the archive") }
    }

    private func split() throws(BackupError) -> (prefix: String, name: String) {
        if name.utf8.count <= 100 { return ("", name) }
        for place in name.indices where name[place] == "/" {
            let (prefix, rest) = (name[..<place], name[name.index(after: place)...])
            if prefix.utf8.count <= 155, rest.utf8.count <= 100 { return (String(prefix), String(rest)) }
        }
        throw .nameTooLong(name)
    }

    private static func octal(_ number: Int64, _ digits: Int) -> [UInt8] {
        let text = Array(String(number, radix: 8).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, digits - text.count)) + text
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int64 {
        let text = String(decoding: field.prefix { $0 != 0 }.filter { $0 != 0x20 }, as: UTF8.self)
        return Int64(text, radix: 8) ?? -1
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The sum of all bytes, those of the sum itself taken as spaces.
    private static func sum(_ block: [UInt8]) -> Int64 {
        block.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 0x20 : Int64($1.element)) }
    }
}
