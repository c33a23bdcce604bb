import HTTPValues
import Testing

struct HTTPFieldsTests {
    @Test
    func `keeps order and compares names without regard to case`() throws {
        var fields: HTTPFields = ["Content-Type": "text/plain", "X-One": "1", "x-one": "2"]
        #expect(fields.map(\.name) == ["content-type", "x-one", "x-one"])
        #expect(fields["CONTENT-TYPE"] == "text/plain")
        #expect(fields.values(of: "X-ONE") == ["1", "2"])
        fields["x-one"] = "3"
        #expect(fields.map(\.value) == ["text/plain", "3"])
        fields["content-type"] = nil
        #expect(fields == ["x-one": "3"])
        #expect(fields["absent"] == nil)
    }

    @Test(arguments: ["a\r\nset-cookie: x", "a\nb", "a\0b", "a\u{7F}b", "a\u{1}b"])
    func `lets no value add a line`(value: String) {
        var fields = HTTPFields()
        fields.append("x-value", value)
        #expect(fields["x-value"]?.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } == true)
    }

    @Test
    func `finds members of lists`() {
        let fields: HTTPFields = ["connection": "Keep-Alive , CLOSE", "connection": "x"]
        #expect(fields.hasMember("connection", "close"))
        #expect(fields.hasMember("connection", "keep-alive"))
        #expect(!fields.hasMember("connection", "clos"))
    }

    @Test(arguments: ["", "a b", "a:", "naïve", "a\n", "a\0", "(x)"])
    func `refuses names that are no tokens`(name: String) {
        #expect(HTTPFieldName(name) == nil)
    }

    @Test
    func `knows every token character`() {
        let tokens = Set(Array("!#$%&'*+-.^_`|~0123456789".utf8) + Array(0x41...0x5A) + Array(0x61...0x7A))
        for byte in UInt8.min...UInt8.max { #expect(byte.isTokenCharacter == tokens.contains(byte)) }
    }
}
