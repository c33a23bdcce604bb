/// A cryptographic library refused to work: it has no memory, or lacks an algorithm.
public struct CryptoError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The function that failed.
    public let function: String

    /// What failed, and what to do.
    public var description: String {
        "\(function) failed: check the memory of the process and the installation of libcrypto and libsodium."
    }
}
