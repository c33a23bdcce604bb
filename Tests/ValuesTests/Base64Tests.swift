import Foundation
import TestSupport
import Testing
import Values

struct Base64Tests {
    @Test func `writes and reads what Foundation does, in both alphabets`() throws {
        var random = SplitMix64(seed: 23)
        for length in Array(0..<70) + [255, 1000] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let standard = Data(bytes).base64EncodedString()
            #expect(Base64.encode(bytes) == standard)
            #expect(Base64.decode(standard) == bytes)
            let forAddresses = String(standard.filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
            #expect(Base64.encode(bytes, .url) == forAddresses)
            #expect(Base64.decode(forAddresses, .url) == bytes)
            #expect(Base64.decode(standard.filter { $0 != "=" }) == bytes)
        }
    }

    @Test(arguments: [
        "A", "=", "==", "====", "AA=", "AAA==", "AAAA=", "A===", "AB=C", "AA\n==", "AA AA", "-_-_", "AB", "AAB", "é===",
        "AAAAA",
    ])
    func `refuses what is no base 64`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["+/+/", "A", "AB", "AA+A"])
    func `refuses the characters of the other alphabet`(text: String) {
        #expect(Base64.decode(text, .url) == nil)
    }
}
