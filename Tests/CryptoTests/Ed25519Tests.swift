import Crypto
import Testing
import Values

/// The test vectors 1 to 3 of RFC 8032 §7.1.
struct Ed25519Tests {
    @Test(arguments: [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ])
    func `knows a right signature from a wrong one`(key: String, message: String, signature: String) throws {
        let (key, message) = (try bytes(key), try bytes(message))
        var signature = try bytes(signature)
        #expect(Ed25519.verify(signature, of: message, key: key))
        #expect(!Ed25519.verify(signature, of: message + [0], key: key))
        #expect(!Ed25519.verify(signature.dropLast(), of: message, key: key))
        signature[10] ^= 1
        #expect(!Ed25519.verify(signature, of: message, key: key))
    }

    private func bytes(_ hex: String) throws -> [UInt8] {
        let digits = Array(hex)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(digits[$0...($0 + 1)]), radix: 16))
        }
    }
}
