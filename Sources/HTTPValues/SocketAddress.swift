/// One end of a connection.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The host's address.
    public let ip: IPAddress
    /// The port's number.
    public let port: UInt16

    /// An address with a port.
    public init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// The address as `1.2.3.4:80` or `[::1]:80`.
    public var description: String {
        switch ip {
        case .v4: "\(ip):\(port)"
        case .v6: "[\(ip)]:\(port)"
        }
    }
}
