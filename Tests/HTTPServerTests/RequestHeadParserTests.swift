import HTTPServer
import HTTPValues
import Testing

struct RequestHeadParserTests {
    private static let host = "Host: a\r\n"

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", ""),
        ("GET /a?b=c HTTP/1.1\r\nHost: a:80\r\n\r\n", "GET", "/a?b=c", ""),
        ("GET / HTTP/1.0\r\n\r\n", "GET", "/", ""),
        ("GET / HTTP/1.1\r\nhOsT:[::1]:8080\r\n\r\n", "GET", "/", ""),
        ("GET / HTTP/1.1\r\nHost: \t a \t \r\nEmpty:\r\n\r\n", "GET", "/", ""),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS", "*", ""),
        ("GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/b", ""),
        ("GET HTTPS://A?x HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/?x", ""),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "POST", "/", "abc"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST", "/", ""),
        ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "PUT", "/", "abc"),
        (
            "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0001\r\nx\r\n0\r\nT: 1\r\n\r\n", "PUT", "/",
            "x"
        ),
        ("DELETE / HTTP/1.1\r\nHost: a\r\nX-Bytes: \u{E9}\u{20AC}\r\n\r\n", "DELETE", "/", ""),
    ])
    func `takes well-formed requests`(text: String, method: String, target: String, body: String) {
        #expect(verdict(text) == .request(method: method, target: target, body: body, rest: ""))
        #expect(verdict(Array(text.utf8), piece: 1) == .request(method: method, target: target, body: body, rest: ""))
    }

    @Test(arguments: [
        // The request line.
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\rHost: a\r\n\r\n", 400), ("GET /\r\n\r\n", 400), ("GET / HTTP/11\r\n\r\n", 400),
        ("GET / http/1.1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/1,1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501), ("get / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501), ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\u{2}", 400),
        ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET http://x@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET http:// HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        // Field lines.
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400), ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\n\tb: c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nX: b\u{B}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\u{7F}\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n\n", 400), ("GET / HTTP/1.1\r\nHost: a\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\u{E9}: b\r\n\r\n", 400),
        // The host.
        ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x@a\r\n\r\n", 400),
        // Where the body ends.
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 03\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", 400),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{B}chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417),
    ])
    func `refuses requests that could be read in two ways`(text: String, status: Int) {
        #expect(verdict(text) == .refused(status))
        #expect(verdict(Array(text.utf8), piece: 1) == .refused(status))
    }

    @Test(arguments: [
        "", "G", "GET ", "GET /", "GET / HTTP/1.", "GET / HTTP/1.1", "GET / HTTP/1.1\r", "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: a", "GET / HTTP/1.1\r\nHost: a\r", "GET / HTTP/1.1\r\nHost: a\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
    ])
    func `waits for the rest of a request`(text: String) {
        #expect(verdict(text) == .unfinished)
    }

    @Test
    func `leaves what follows the request alone`() {
        let first = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        #expect(verdict(first + "GET /b") == .request(method: "POST", target: "/", body: "abc", rest: "GET /b"))
    }

    @Test
    func `limits the size of the head`() {
        let start = "GET / HTTP/1.1\r\nHost: a\r\n"
        let many = String(repeating: "X: y\r\n", count: 99)
        #expect(verdict(start + many + "\r\n") != .refused(431))
        #expect(verdict(start + many + "X: y\r\n\r\n") == .refused(431))
        let room = 16 * 1024 - start.utf8.count - 3 - 4
        #expect(verdict(start + "X: " + String(repeating: "y", count: room) + "\r\n\r\n") != .refused(431))
        #expect(verdict(start + "X: " + String(repeating: "y", count: room + 1) + "\r\n\r\n") == .refused(431))
        #expect(verdict(start + "X: " + String(repeating: "y", count: 17_000)) == .refused(431))
        #expect(
            verdict("GET /" + String(repeating: "a", count: 8191) + " HTTP/1.1\r\nHost: a\r\n\r\n") != .refused(414)
        )
        #expect(verdict("GET /" + String(repeating: "a", count: 8192)) == .refused(414))
        #expect(verdict(String(repeating: "A", count: 33)) == .refused(501))
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true), ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x,\t Close ,y\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true),
    ])
    func `knows whether the connection stays`(text: String, keepsAlive: Bool) throws {
        var parser = RequestHeadParser()
        let bytes = Array(text.utf8)
        let parsed = try #require(try parser.parse(bytes.span, limits: HTTPLimits()))
        #expect(parsed.head.keepsAlive == keepsAlive)
    }

    @Test
    func `gives the fields in order with their names in lower case`() throws {
        var parser = RequestHeadParser()
        let bytes = Array("GET / HTTP/1.1\r\nHOST: a\r\nX-B: \t1 2\t\r\nx-b:3\r\nExpect: 100-Continue\r\n\r\n".utf8)
        let head = try #require(try parser.parse(bytes.span, limits: HTTPLimits())).head
        #expect(head.fields == ["host": "a", "x-b": "1 2", "x-b": "3", "expect": "100-Continue"])
        #expect(head.expectsContinue)
    }
}
