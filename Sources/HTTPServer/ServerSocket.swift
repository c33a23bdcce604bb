private import CEventLoop
internal import HTTPValues

/// How a read or write on a socket that does not block came out.
enum SocketOutcome {
    case done(Int)
    case wouldBlock
    case failed
}

/// A connected socket; whoever opened it closes it once.
struct ServerSocket {
    let descriptor: Int32

    /// Reads what is there into the buffer; 0 bytes at the end of the stream.
    func receive(into buffer: inout [UInt8]) -> SocketOutcome {
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe eventloop_receive(descriptor, bytes.baseAddress, UInt64(bytes.count))
        }
        return outcome(count)
    }

    /// Sends as much of the bytes from `start` on as the kernel takes.
    func send(_ bytes: [UInt8], from start: Int, moreFollows: Bool = false) -> SocketOutcome {
        let count = unsafe bytes.withUnsafeBytes { bytes in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...])
            return unsafe eventloop_send(descriptor, rest.baseAddress, UInt64(rest.count), moreFollows ? 1 : 0)
        }
        return outcome(count)
    }

    /// Tells the peer that nothing more will come.
    func endWriting() {
        _ = eventloop_end_writing(descriptor)
    }

    func close() {
        _ = eventloop_close(descriptor)
    }

    private func outcome(_ count: Int64) -> SocketOutcome {
        if count >= 0 { return .done(Int(count)) }
        return Int32(-count) == ErrorCode.wouldBlock ? .wouldBlock : .failed
    }
}

/// A socket that takes connections.
struct ListeningSocket {
    let descriptor: Int32

    /// Opens the socket.
    ///
    /// - Parameters:
    ///   - address: Where to listen; port 0 takes any free one.
    ///   - backlog: How many connections the kernel holds until they are accepted.
    ///   - sharesPort: Whether other sockets of this user may listen at the same address.
    /// - Throws: Why listening there is not possible.
    init(_ address: SocketAddress, backlog: Int, sharesPort: Bool) throws(HTTPServerError) {
        var raw = eventloop_address()
        let bytes = address.ip.bytes
        raw.length = UInt8(bytes.count)
        raw.port = address.port
        unsafe withUnsafeMutableBytes(of: &raw.ip) { unsafe $0.copyBytes(from: bytes) }
        let result = unsafe eventloop_listen(&raw, Int32(clamping: backlog), sharesPort ? 1 : 0)
        guard result >= 0 else {
            switch -result {
            case ErrorCode.addressInUse: throw .addressInUse(address)
            case ErrorCode.addressNotAvailable: throw .addressNotAvailable(address)
            case ErrorCode.accessDenied, ErrorCode.notPermitted: throw .notPermitted(address)
            default: throw .system(address, code: -result)
            }
        }
        descriptor = result
    }

    /// The port it listens at.
    var port: UInt16 { UInt16(clamping: eventloop_local_port(descriptor)) }

    enum Accepted {
        case connection(ServerSocket, SocketAddress)
        case none
        case outOfDescriptors
    }

    /// The next connection when one is waiting.
    func accept() -> Accepted {
        var raw = eventloop_address()
        let result = unsafe eventloop_accept(descriptor, &raw)
        guard result >= 0 else {
            let code = -result
            return code == ErrorCode.processFileLimit || code == ErrorCode.systemFileLimit || code == ErrorCode.noMemory
                ? .outOfDescriptors : .none
        }
        let bytes = unsafe withUnsafeBytes(of: &raw.ip) { unsafe Array($0.prefix(Int(raw.length))) }
        let ip: IPAddress =
            bytes.count == 16
            ? IPAddress(v6: bytes).unmapped : .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        return .connection(ServerSocket(descriptor: result), SocketAddress(ip: ip, port: raw.port))
    }

    func close() {
        _ = eventloop_close(descriptor)
    }
}
