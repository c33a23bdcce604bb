import HTTPServer
import Testing

/// Changes well-formed requests at random, from a seed, and checks what must hold for any bytes at all.
struct ParserMutationTests {
    private static let seeds = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/b?c HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
        "PUT /p HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na\r\n0123456789\r\n0\r\nT: x\r\n\r\n",
        "OPTIONS * HTTP/1.0\r\nX-Empty:\r\n\r\n",
    ].map { Array($0.utf8) }

    private static let pieces: [[UInt8]] = [
        "\r\n", "\n", "\r", " ", "\t", "\0", ":", ",", ";", "0", "chunked", "Transfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Host: b\r\n", "HTTP/1.0", "HTTP/1.1", "\r\n\r\n",
        " folded\r\n",
    ].map { Array($0.utf8) }

    private static func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let position = Int.random(in: 0...bytes.count, using: &generator)
        let end = min(bytes.count, position + Int.random(in: 0...4, using: &generator))
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes.replaceSubrange(position..<end, with: [UInt8.random(in: 0...255, using: &generator)])
        case 1: bytes.removeSubrange(position..<end)
        case 2: bytes.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: position)
        case 3: bytes.insert(contentsOf: bytes[position..<end], at: position)
        default:
            if position < bytes.count { bytes[position] ^= 1 << UInt8.random(in: 0...7, using: &generator) }
        }
    }

    @Test(arguments: 0..<8)
    func `judges changed requests alike however they are cut`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<4000 {
            var bytes = Self.seeds.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &generator) { Self.mutate(&bytes, &generator) }
            let whole = verdict(bytes)
            let cut = verdict(bytes, piece: Int.random(in: 1...9, using: &generator))
            if whole != cut {
                Issue.record("\(String(decoding: bytes, as: UTF8.self).debugDescription): \(whole) but \(cut)")
            }
            guard case .request(_, let target, _, _) = whole else { continue }
            accepted += 1
            #expect(target.utf8.first == 0x2F || target == "*")
            #expect(!bytes.starts(with: [0x0D]) && !bytes.starts(with: [0x0A]))
        }
        #expect(accepted > 100)
    }
}
