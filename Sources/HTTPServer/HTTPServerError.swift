public import HTTPValues

/// Why a server does not listen.
public enum HTTPServerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Another program listens at the address.
    case addressInUse(SocketAddress)
    /// The address belongs to no interface of this machine.
    case addressNotAvailable(SocketAddress)
    /// Ports below 1024 may need a privilege.
    case notPermitted(SocketAddress)
    /// The operating system refused for another reason; `code` is its errno.
    case system(SocketAddress, code: Int32)
    /// The server was started before.
    case alreadyStarted

    /// What happened and what to do next.
    public var description: String {
        switch self {
        case .addressInUse(let address):
            "Another program listens at \(address). Stop it, or choose another port."
        case .addressNotAvailable(let address):
            "This machine has no interface with the address \(address.ip). Choose one of its own addresses."
        case .notPermitted(let address):
            "Listening at \(address) is not permitted. Choose a port above 1023, or give the program the privilege."
        case .system(let address, let code):
            "Listening at \(address) failed with error \(code)."
        case .alreadyStarted:
            "The server was started before. Start it once."
        }
    }
}
