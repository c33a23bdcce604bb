import Catalog
import Crypto
import Values

/// Decides whether a vendor's call was made by the vendor (media manifests §3.5).
struct CallbackVerifier {
    /// The fields of the credential.
    let secrets: [String: String]
    /// The keys that a vendor publishes at an address, as a JWKS; `nil` when they cannot be had.
    let publicKeys: @Sendable (_ url: String, _ cachedFor: Duration) async -> JSON?
    /// A key that the vendor tells, when no secret holds it.
    let told: @Sendable (CallbackProof.Key) async -> String?
    let now: Instant

    /// Whether the sender is proved.
    func proves(_ proof: CallbackProof, _ headers: [String: String], _ body: [UInt8]) async -> Bool {
        switch proof {
        case .urlToken, .challenge: return false
        case .bearer(let key, let header):
            guard let expected = await secret(key), let given = headers[header.lowercased()] else { return false }
            let text = given.hasPrefix("Bearer ") ? String(given.dropFirst(7)) : given
            return equalInConstantTime(expected, Array(text.utf8))
        case .hmacSHA256(let signed, let key):
            guard let secret = await secret(key), let message = message(signed, headers, body) else { return false }
            let code = HMAC.sha256(message, key: secret)
            return signatures(signed, headers).contains { equalInConstantTime($0, code) }
        case .ed25519(let signed, let url, let lifetime):
            guard let message = message(signed, headers, body),
                let keys = await publicKeys(url, lifetime)?["keys"]?.array
            else { return false }
            let signatures = signatures(signed, headers)
            return keys.prefix(16).compactMap { $0["x"]?.string.flatMap { Base64.decode($0) } }.contains { key in
                signatures.contains { Ed25519.verify($0, of: message, key: key) }
            }
        }
    }

    private func secret(_ key: CallbackProof.Key) async -> [UInt8]? {
        let held = secrets[key.secret]
        guard var text = held == nil ? await told(key) : held, !text.isEmpty else { return nil }
        if !key.prefix.isEmpty, text.hasPrefix(key.prefix) { text = String(text.dropFirst(key.prefix.count)) }
        return key.encoding.map { Self.decode(text, $0) } ?? Array(text.utf8)
    }

    /// What is signed; `nil` when a part of it is missing, or it was signed at another time.
    private func message(_ signed: SignedMessage, _ headers: [String: String], _ body: [UInt8]) -> [UInt8]? {
        if let name = signed.timestamp {
            guard let seconds = value(name, signed, headers).flatMap({ Int64($0) }), abs(seconds) < 1 << 40 else {
                return nil
            }
            let age = now - Instant(microseconds: seconds * 1_000_000)
            guard age <= signed.tolerance, age >= .zero - signed.tolerance else { return nil }
        }
        var message: [UInt8] = []
        for (number, part) in signed.parts.enumerated() {
            if number > 0 { message += Array(signed.separator.utf8) }
            switch part {
            case .body: message += body
            case .bodyHash: message += Array(SHA256.hash(body).hex.utf8)
            case .header(let name):
                guard let value = value(name, signed, headers) else { return nil }
                message += Array(value.utf8)
            }
        }
        return message
    }

    /// A header; of the one that holds the signature, the time that stands in it as `t=`.
    private func value(_ name: String, _ signed: SignedMessage, _ headers: [String: String]) -> String? {
        guard let text = headers[name.lowercased()] else { return nil }
        guard name.lowercased() == signed.header.lowercased() else { return text }
        return text.split(separator: ",").first { $0.hasPrefix("t=") }.map { String($0.dropFirst(2)) }
    }

    private func signatures(_ signed: SignedMessage, _ headers: [String: String]) -> [[UInt8]] {
        guard let text = headers[signed.header.lowercased()] else { return [] }
        let parts = signed.signatureSeparator.map { text.split(separator: $0).map(String.init) } ?? [text]
        return parts.prefix(16).compactMap { part in
            guard part.hasPrefix(signed.versionPrefix) else { return nil }
            return Self.decode(String(part.dropFirst(signed.versionPrefix.count)), signed.encoding)
        }
    }

    private static func decode(_ text: String, _ encoding: CallbackProof.Encoding) -> [UInt8]? {
        switch encoding {
        case .base64: return Base64.decode(text)
        case .hex:
            let digits = Array(text.utf8)
            guard digits.count.isMultiple(of: 2) else { return nil }
            var bytes: [UInt8] = []
            for place in stride(from: 0, to: digits.count, by: 2) {
                guard let byte = UInt8(String(decoding: digits[place...(place + 1)], as: UTF8.self), radix: 16) else {
                    return nil
                }
                bytes.append(byte)
            }
            return bytes
        }
    }
}
