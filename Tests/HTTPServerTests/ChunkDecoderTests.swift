import Testing

struct ChunkDecoderTests {
    private static let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    @Test(arguments: [
        ("0\r\n\r\n", ""), ("1\r\na\r\n0\r\n\r\n", "a"), ("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"),
        ("A\r\n0123456789\r\n00\r\n\r\n", "0123456789"), ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"), ("1\r\na\r\n0\r\nT: x\r\nU:\r\n\r\n", "a"),
        ("00000001\r\na\r\n0\r\n\r\n", "a"),
    ])
    func `puts the chunks together`(text: String, body: String) {
        for piece in [1, 2, 3, 1000] {
            let expected = Verdict.request(method: "POST", target: "/", body: body, rest: "")
            #expect(verdict(Array((Self.head + text).utf8), piece: piece) == expected)
        }
    }

    @Test(arguments: [
        "\r\n", "g\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "1 \r\n", "1;a=b\r\nx\r\n0\r\n\r\n",
        "1\nx\r\n0\r\n\r\n",
        "1\rx", "1\r\nx\n0\r\n\r\n", "1\r\nxy\r\n0\r\n\r\n", "2\r\nx\r\n0\r\n\r\n", "000000001\r\nx", "FFFFFFFFF\r\n",
        "0\r\nT : x\r\n\r\n", "0\r\n T: x\r\n\r\n", "0\r\nT\r\n\r\n", "0\r\n\n", "1\r\nx\r\r\n0\r\n\r\n",
        "0\r\nT: a\0\r\n\r\n",
        "0\r\nTransfer-Encoding: gzip\r\n\r\n", "0\r\ncontent-length: 0\r\n\r\n", "0\r\nHost: a\r\n\r\n",
    ])
    func `refuses chunks formed in any other way`(text: String) {
        #expect(verdict(Self.head + text) == .refused(400))
        #expect(verdict(Array((Self.head + text).utf8), piece: 1) == .refused(400))
    }

    @Test
    func `limits the trailers`() {
        let line = "T: " + String(repeating: "x", count: 1000) + "\r\n"
        #expect(verdict(Self.head + "0\r\n" + String(repeating: line, count: 4) + "\r\n") != .refused(431))
        #expect(verdict(Self.head + "0\r\n" + String(repeating: line, count: 5)) == .refused(431))
        #expect(verdict(Self.head + "0\r\nT: " + String(repeating: "x", count: 5000)) == .refused(431))
    }
}
