import HTTPServer
import HTTPValues

/// Says what the server's parsers make of the first request in some bytes.
enum ParserProbe {
    /// One line: `accept METHOD TARGET FIELDS BODY USED`, `refuse STATUS REASON` or `unfinished`.
    ///
    /// Texts are in hexadecimal; FIELDS joins names and values with line feeds; USED counts the bytes of the request.
    static func verdict(on bytes: [UInt8]) -> String {
        do throws(HTTPRefusal) {
            var parser = RequestHeadParser()
            guard let (head, length) = try parser.parse(bytes.span, limits: HTTPLimits()) else { return "unfinished" }
            var body: [UInt8] = []
            var position = length
            switch head.framing {
            case .length(let count):
                guard bytes.count - length >= count else { return "unfinished" }
                position += count
                body = Array(bytes[length..<position])
            case .chunked:
                var decoder = ChunkDecoder()
                while let range = try decoder.next(bytes.span, &position, atMost: .max) { body += bytes[range] }
                guard decoder.isDone else { return "unfinished" }
            }
            let fields = head.fields.map { "\($0.name)\n\($0.value)" }.joined(separator: "\n")
            let texts = [Array(head.target.utf8), Array(fields.utf8), body].map(hexadecimal).joined(separator: " ")
            return "accept \(head.method.rawValue) \(texts) \(position)"
        } catch {
            return "refuse \(error.status) \(error)"
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return "x" + String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    static func bytes(ofHexadecimal text: Substring) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
