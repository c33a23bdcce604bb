/// What the first bytes of a file tell: its type by its signature, the size of a picture, the length of a sound.
///
/// Sources of the layouts: PNG (W3C, §11.2.2), JPEG (ITU T.81, B.2.2), GIF89a, WebP container (RFC 9649), RIFF/WAVE,
/// ISO base media (ISO 14496-12, §4.3 and §8.2.2).
public struct MediaProbe: Sendable, Hashable {
    /// The MIME type, or `nil` when the signature is not known.
    public private(set) var mimeType: String?
    /// The width of a picture in pixels.
    public private(set) var width: Int?
    /// The height of a picture in pixels.
    public private(set) var height: Int?
    /// The length of a sound in milliseconds.
    public private(set) var durationMs: Int64?

    /// Looks at the first bytes of a file; 64 KiB are enough for every known type.
    ///
    /// - Parameters:
    ///   - head: The first bytes.
    ///   - length: The length of the whole file in bytes.
    public init(head: [UInt8], length: Int64) {
        let bytes = ByteReader(bytes: head)
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            mimeType = "image/png"
            width = bytes.big(16, 4)
            height = bytes.big(20, 4)
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            mimeType = "image/jpeg"
            (width, height) = Self.jpegSize(bytes) ?? (nil, nil)
        } else if bytes.has("GIF8", at: 0) {
            mimeType = "image/gif"
            width = bytes.little(6, 2)
            height = bytes.little(8, 2)
        } else if bytes.has("RIFF", at: 0), bytes.has("WEBP", at: 8) {
            mimeType = "image/webp"
            (width, height) = Self.webpSize(bytes) ?? (nil, nil)
        } else if bytes.has("RIFF", at: 0), bytes.has("WAVE", at: 8) {
            mimeType = "audio/wav"
            durationMs = Self.waveDuration(bytes, length: length)
        } else if bytes.has("ftyp", at: 4) {
            mimeType = Self.isoType(bytes)
        } else {
            mimeType = Self.otherType(bytes)
        }
    }

    private static func otherType(_ bytes: ByteReader) -> String? {
        let signatures: [(String, Int, String)] = [
            ("OggS", 0, "audio/ogg"), ("fLaC", 0, "audio/flac"), ("ID3", 0, "audio/mpeg"),
            ("glTF", 0, "model/gltf-binary"),
            ("%PDF", 0, "application/pdf"), ("PK\u{3}\u{4}", 0, "application/zip"), ("BM", 0, "image/bmp"),
        ]
        if let match = signatures.first(where: { bytes.has($0.0, at: $0.1) }) { return match.2 }
        if bytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) { return "video/webm" }
        if let first = bytes.big(0, 2), first & 0xFFE0 == 0xFFE0 { return "audio/mpeg" }
        let text = String(decoding: bytes.bytes.prefix(512), as: UTF8.self).lowercased().drop { $0.isWhitespace }
        if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") { return "text/html" }
        if text.hasPrefix("<svg") || (text.hasPrefix("<?xml") && text.contains("<svg")) { return "image/svg+xml" }
        return nil
    }

    private static func isoType(_ bytes: ByteReader) -> String {
        if bytes.has("qt  ", at: 8) { return "video/quicktime" }
        if bytes.has("M4A ", at: 8) { return "audio/mp4" }
        if bytes.has("avif", at: 8) { return "image/avif" }
        return "video/mp4"
    }

    private static func jpegSize(_ bytes: ByteReader) -> (Int?, Int?)? {
        var place = 2
        while let marker = bytes.big(place, 2), marker & 0xFF00 == 0xFF00, let size = bytes.big(place + 2, 2), size >= 2
        {
            let code = marker & 0xFF
            if (0xC0...0xCF).contains(code), ![0xC4, 0xC8, 0xCC].contains(code) {
                return (bytes.big(place + 7, 2), bytes.big(place + 5, 2))
            }
            place += 2 + size
        }
        return nil
    }

    private static func webpSize(_ bytes: ByteReader) -> (Int?, Int?)? {
        if bytes.has("VP8X", at: 12), let width = bytes.little(24, 3), let height = bytes.little(27, 3) {
            return (width + 1, height + 1)
        }
        if bytes.has("VP8L", at: 12), let bits = bytes.little(21, 4) {
            return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        }
        if bytes.has("VP8 ", at: 12), let width = bytes.little(26, 2), let height = bytes.little(28, 2) {
            return (width & 0x3FFF, height & 0x3FFF)
        }
        return nil
    }

    private static func waveDuration(_ bytes: ByteReader, length: Int64) -> Int64? {
        var place = 12
        var bytesPerSecond: Int?
        while let size = bytes.little(place + 4, 4) {
            if bytes.has("fmt ", at: place) { bytesPerSecond = bytes.little(place + 16, 4) }
            if bytes.has("data", at: place) {
                guard let bytesPerSecond, bytesPerSecond > 0 else { return nil }
                // A writer that streams leaves the size open: then the file ends the data.
                let data = min(Int64(size), length - Int64(place) - 8)
                return data * 1000 / Int64(bytesPerSecond)
            }
            place += 8 + size + size % 2
        }
        return nil
    }
}

/// Reads numbers and signatures at places that may lie beyond the end.
struct ByteReader {
    let bytes: [UInt8]

    func starts(with signature: [UInt8]) -> Bool { bytes.starts(with: signature) }

    func has(_ text: String, at place: Int) -> Bool {
        place >= 0 && place + text.utf8.count <= bytes.count
            && bytes[place..<place + text.utf8.count].elementsEqual(text.utf8)
    }

    func big(_ place: Int, _ count: Int) -> Int? {
        guard place >= 0, place + count <= bytes.count else { return nil }
        return bytes[place..<place + count].reduce(0) { $0 << 8 | Int($1) }
    }

    func little(_ place: Int, _ count: Int) -> Int? {
        guard place >= 0, place + count <= bytes.count else { return nil }
        return bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
