import Catalog
import Engine
import Synchronization
import FileSystem

/// How wide the characters of a typeface are, from its TrueType tables (OpenType 1.9: `head`, `hhea`, `hmtx`, `cmap`).
struct FontMetrics: Sendable {
    /// The widths of the first 65,536 characters in units of the typeface.
    private let widths: [UInt16]
    private let unitsPerEm: Double
    /// The height of a line, as a multiple of the size.
    let lineHeight: Double

    /// Reads a typeface; `nil` when it lacks what is needed.
    init?(_ bytes: [UInt8]) {
        let font = TableReader(bytes)
        guard let head = font.table("head"), let hhea = font.table("hhea"), let hmtx = font.table("hmtx"),
            let cmap = font.table("cmap"), let units = font.number(head + 18), units > 0,
            let ascent = font.signed(hhea + 4), let descent = font.signed(hhea + 6),
            let measured = font.number(hhea + 34), measured > 0, let subtable = font.characterMap(cmap)
        else { return nil }
        unitsPerEm = Double(units)
        lineHeight = Double(ascent - descent) / Double(units)
        widths = font.widths(subtable, hmtx: hmtx, measured: measured)
    }

    /// The width of a text on one line, in the unit of the size.
    func width(of text: some StringProtocol, size: Double) -> Double {
        let units = text.unicodeScalars.reduce(0) { sum, scalar in
            sum + Int(widths[scalar.value < 65_536 ? Int(scalar.value) : 0])
        }
        return Double(units) / unitsPerEm * size
    }
}

/// Reads numbers of a TrueType file at places that may lie beyond its end.
private struct TableReader {
    private let bytes: [UInt8]
    private var tables: [String: Int] = [:]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        for entry in 0..<min(64, number(4) ?? 0) {
            let place = 12 + 16 * entry
            guard place + 16 <= bytes.count, let high = number(place + 8), let low = number(place + 10) else { break }
            tables[String(decoding: bytes[place..<place + 4], as: UTF8.self)] = high << 16 | low
        }
    }

    func table(_ name: String) -> Int? { tables[name] }

    func number(_ place: Int) -> Int? {
        guard place >= 0, place + 2 <= bytes.count else { return nil }
        return Int(bytes[place]) << 8 | Int(bytes[place + 1])
    }

    func signed(_ place: Int) -> Int? {
        number(place).map { Int(Int16(truncatingIfNeeded: $0)) }
    }

    /// The place of the subtable for the characters of Unicode up to 65,535 (format 4).
    func characterMap(_ cmap: Int) -> Int? {
        for entry in 0..<(number(cmap + 2) ?? 0) {
            let place = cmap + 4 + 8 * entry
            guard let high = number(place + 4), let low = number(place + 6) else { return nil }
            let subtable = cmap + (high << 16 | low)
            if number(subtable) == 4 { return subtable }
        }
        return nil
    }

    func widths(_ map: Int, hmtx: Int, measured: Int) -> [UInt16] {
        func width(ofGlyph glyph: Int) -> UInt16 {
            UInt16(truncatingIfNeeded: number(hmtx + 4 * min(glyph, measured - 1)) ?? 0)
        }
        var widths = [UInt16](repeating: width(ofGlyph: 0), count: 65_536)
        let segments = (number(map + 6) ?? 0) / 2
        let (ends, starts) = (map + 14, map + 16 + 2 * segments)
        let (deltas, offsets) = (starts + 2 * segments, starts + 4 * segments)
        for segment in 0..<segments {
            guard let end = number(ends + 2 * segment), let start = number(starts + 2 * segment), start <= end,
                let delta = number(deltas + 2 * segment), let offset = number(offsets + 2 * segment)
            else { continue }
            for character in start...end where character != 0xFFFF {
                var glyph = character
                if offset != 0 {
                    glyph = number(offsets + 2 * segment + offset + 2 * (character - start)) ?? 0
                    if glyph == 0 { continue }
                }
                widths[character] = width(ofGlyph: (glyph + delta) & 0xFFFF)
            }
        }
        return widths
    }
}

extension ToolCall {
    /// A typeface by its file, with its measures.
    func typeface(_ face: Typeface) async throws(NodeError) -> (path: String, metrics: FontMetrics) {
        let tools = tools
        guard let path = tools.path(of: face) else {
            throw NodeError(
                .notFound,
                "This server has no typeface. Install it with: sudo apt-get install \(ToolPackage.fonts.rawValue)"
            )
        }
        if let metrics = tools.fonts.withLock({ $0[face] }) { return (path, metrics) }
        let bytes = try await blocking { () throws(FileError) in try Folder.contents(of: path, atMost: 16 << 20) }
        guard let metrics = bytes.flatMap(FontMetrics.init) else {
            throw NodeError(.providerInternal, "The typeface \(face.rawValue) cannot be read.")
        }
        tools.fonts.withLock { $0[face] = metrics }
        return (path, metrics)
    }
}
