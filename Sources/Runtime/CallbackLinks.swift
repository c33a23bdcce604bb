public import Values

import Crypto

/// The addresses under which vendors call us about attempts: the name of the attempt, and a code that only we can make.
public struct CallbackLinks: Sendable {
    /// Where all of them begin.
    public static let path = "/hooks/p"

    private let key: [UInt8]

    /// Addresses with codes of that key.
    public init(key: [UInt8]) {
        self.key = key
    }

    /// The address for an attempt.
    ///
    /// - Parameters:
    ///   - name: The execution, the node run and the number of the attempt, with slashes between.
    ///   - base: The public address of this server.
    /// - Returns: The address.
    public func link(_ name: String, base: String) -> String {
        "\(base)\(Self.path)/\(Base64.encode(Array(name.utf8), .url))/\(token(name))"
    }

    /// The attempt that an address is for; `nil` when the code is not ours.
    public func attempt(_ text: String, token: String) -> (execution: ExecutionID, address: String, attempt: Int)? {
        guard let bytes = Base64.decode(text), let name = String(validating: bytes, as: UTF8.self),
            equalInConstantTime(Array(self.token(name).utf8), Array(token.utf8))
        else { return nil }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, let execution = ExecutionID(String(parts[0])), let number = Int(parts[parts.count - 1])
        else { return nil }
        return (execution, parts[1..<(parts.count - 1)].joined(separator: "/"), number)
    }

    private func token(_ name: String) -> String {
        String(HMAC.sha256(Array("vendor callback \(name)".utf8), key: key).prefix(16).hex)
    }
}
