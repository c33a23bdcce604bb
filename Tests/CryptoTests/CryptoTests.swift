import Crypto
import Testing
import Values

struct SHA256Tests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func `gives the digest of FIPS 180-4`(text: String, digest: String) throws {
        #expect(SHA256.hash(text).hex == digest)
        var pieces = try SHA256()
        for byte in text.utf8 { pieces.update([byte].span) }
        #expect(pieces.finish().hex == digest)
    }
}

struct HMACTests {
    @Test func `gives the code of RFC 4231, case 2`() {
        let code = HMAC.sha256(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(code.hex == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(equalInConstantTime(code, code))
        #expect(!equalInConstantTime(code, Array(code.dropLast())))
    }
}
