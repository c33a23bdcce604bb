import Crypto
import Testing

struct SealedBoxTests {
    private let key = [UInt8](0..<32)

    @Test(arguments: [0, 1, 40, 70_000])
    func `opens what was sealed under the same key and context`(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let sealed = try SealedBox.seal(bytes, key: key, context: [1, 2])
        #expect(sealed.count == count + 40)
        #expect(SealedBox.open(sealed, key: key, context: [1, 2]) == bytes)
    }

    @Test func `never seals the same bytes twice in the same way`() throws {
        #expect(try SealedBox.seal([7], key: key, context: []) != SealedBox.seal([7], key: key, context: []))
    }

    @Test func `opens nothing under another key or context, changed, or cut`() throws {
        let sealed = try SealedBox.seal([1, 2, 3], key: key, context: [9])
        #expect(SealedBox.open(sealed, key: [UInt8](repeating: 0, count: 32), context: [9]) == nil)
        #expect(SealedBox.open(sealed, key: key, context: [8]) == nil)
        #expect(SealedBox.open(Array(sealed.dropLast()), key: key, context: [9]) == nil)
        #expect(SealedBox.open([], key: key, context: [9]) == nil)
        for place in sealed.indices {
            var changed = sealed
            changed[place] ^= 1
            #expect(SealedBox.open(changed, key: key, context: [9]) == nil)
        }
    }

    @Test func `refuses a key of another length`() {
        #expect(throws: CryptoError.self) { try SealedBox.seal([1], key: [1, 2, 3], context: []) }
    }
}

struct PasswordHashTests {
    @Test(arguments: ["", "correct horse battery staple", "pässwörd\u{0}with a null"])
    func `knows the password again and no other`(password: String) throws {
        let hash = try PasswordHash.make(password)
        #expect(hash.hasPrefix("$argon2id$"))
        #expect(PasswordHash.verify(hash, is: password))
        #expect(!PasswordHash.verify(hash, is: password + "x"))
    }

    @Test func `refuses what is no hash and what is too long`() throws {
        #expect(!PasswordHash.verify("", is: ""))
        #expect(!PasswordHash.verify("$argon2id$nonsense", is: "x"))
        #expect(throws: CryptoError.self) { try PasswordHash.make(String(repeating: "x", count: 2000)) }
    }
}
