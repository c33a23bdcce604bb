import HTTPValues
import Testing

struct HTTPURLTests {
    @Test(arguments: [
        ("http://a", "http://a/"), ("HTTP://EXAMPLE.com", "http://example.com/"), ("https://a:443/b", "https://a/b"),
        ("https://a:444?x=1#y", "https://a:444/?x=1"), ("http://a:0080/", "http://a/"),
        ("http://xn--bcher-kva.example/%C3%A4?q=%20", "http://xn--bcher-kva.example/%C3%A4?q=%20"),
        ("http://1.2.3.4:8080/a/../b", "http://1.2.3.4:8080/a/../b"),
        ("http://[2001:DB8:0::1]:81/", "http://[2001:db8::1]:81/"),
        ("http://my_service:9000/v1", "http://my_service:9000/v1"), ("http://3com.example/", "http://3com.example/"),
        ("http://a/b@c", "http://a/b@c"), ("http://a?b/c", "http://a/?b/c"),
    ])
    func `reads addresses that everybody reads alike`(text: String, expected: String) throws {
        #expect(try HTTPURL(text).description == expected)
        #expect(try HTTPURL(HTTPURL(text).description) == HTTPURL(text))
    }

    @Test(arguments: [
        "", "a", "/a", "//a", "http:/a", "http:a", "http://", "http:///a", "ftp://a", "file:///etc/passwd",
        "gopher://a",
        "javascript:x", "http://user@a/", "http://user:pass@a/", "http://a@b@c/", "http://@a/", "http://a\\@b/",
        "http://a\\b/", "http:\\\\a/", "http://a/\\b", "http://a b/", "http://a/b c", " http://a/", "http://a/\n",
        "http://a/\t", "http://a\0/", "http://b\u{FC}cher.example/", "http://a\u{3002}b/", "http://\u{FF11}27.0.0.1/",
        "http://a/\u{E9}", "http://127.1/", "http://127.0.1/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
        "http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://127.0.0.01/", "http://1.2.3.256/",
        "http://1.2.3.4.5/", "http://a.0x1/", "http://a.1/", "http://127.0.0.1./", "http://a./", "http://a../",
        "http://.a/",
        "http://a..b/", "http://-a/", "http://a-/", "http://a%2eb/", "http://%31/", "http://a:/", "http://a:0/",
        "http://a:65536/", "http://a:-1/", "http://a:+1/", "http://a:8a/", "http://a:80:80/", "http://[::1/",
        "http://::1/",
        "http://[::1]x/", "http://[::1%25eth0]/", "http://[1.2.3.4]/", "http://[]/", "http://[a]/", "http://a;b/",
        "http://a,b/", "http://a&b/", "http://a*/", "http://(a)/", "http://a|b/",
    ])
    func `refuses addresses that could be read in two ways`(text: String) {
        #expect(throws: HTTPURLError.self) { try HTTPURL(text) }
    }

    @Test(arguments: [
        ("http://x/", "http://x/"), ("https://x:8/y", "https://x:8/y"), ("//x/y", "http://x/y"), ("/x", "http://a/x"),
        ("x", "http://a/b/x"), ("./x", "http://a/b/x"), ("../x", "http://a/x"), ("../../../x", "http://a/x"),
        ("?x", "http://a/b/c?x"),
        ("", "http://a/b/c?d"), ("#x", "http://a/b/c?d"), ("x/", "http://a/b/x/"), ("..", "http://a/"),
        (".", "http://a/b/"),
        ("x?y/../z", "http://a/b/x?y/../z"), ("/a/./b/../c", "http://a/a/c"), ("x:80/", nil), ("//u@x/", nil),
        ("\\\\x/", nil), ("/\\x", "nil"), ("javascript:x", nil), ("http:/x", nil),
    ])
    func `resolves what a Location field may hold`(reference: String, expected: String?) throws {
        let base = try HTTPURL("http://a/b/c?d")
        #expect((try? base.resolve(reference))?.description == (expected == "nil" ? nil : expected))
    }
}
