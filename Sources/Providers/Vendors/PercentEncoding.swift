import Values

/// Escapes in queries (RFC 3986, section 3.4).
enum PercentEncoding {
    static func query(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += Array("%\([byte].hex.uppercased())".utf8)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
