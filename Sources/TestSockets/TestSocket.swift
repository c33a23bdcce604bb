private import Glibc
private import Synchronization

/// Why a test's own socket failed.
package struct TestSocketError: Error, CustomStringConvertible {
    package let description: String

    init(_ call: String) {
        description = "\(call): errno \(errno)"
    }
}

/// A blocking socket for tests, which gives up after twenty seconds unless told otherwise.
package final class TestSocket: Sendable {
    package let descriptor: Int32
    private let isOpen = Mutex(true)

    init(owning descriptor: Int32) {
        self.descriptor = descriptor
        wait(atMost: 20)
    }

    deinit {
        close()
    }

    /// A connection to a port of the loopback address.
    package static func connect(port: UInt16) throws(TestSocketError) -> TestSocket {
        let socket = TestSocket(owning: Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        var address = loopback(port)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(socket.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw TestSocketError("connect") }
        var one: Int32 = 1
        _ = unsafe setsockopt(socket.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        return socket
    }

    /// Two sockets connected with each other.
    package static func pair() throws(TestSocketError) -> (TestSocket, TestSocket) {
        var pair: [Int32] = [0, 0]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0 else {
            throw TestSocketError("socketpair")
        }
        return (TestSocket(owning: pair[0]), TestSocket(owning: pair[1]))
    }

    /// Sets how many seconds a read or write may block.
    package func wait(atMost seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    /// Makes the kernel hold back little, so that a slow reader is felt soon.
    package func useSmallBuffers() {
        var size: Int32 = 4096
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, 4)
    }

    package func send(_ text: String) throws(TestSocketError) {
        try send(Array(text.utf8))
    }

    package func send(_ bytes: [UInt8]) throws(TestSocketError) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    descriptor,
                    buffer.baseAddress.map { unsafe $0 + sent },
                    buffer.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { throw TestSocketError("send") }
            sent += count
        }
    }

    /// The next bytes there are; empty at the end of the stream.
    package func receive(atMost count: Int = 65536) throws(TestSocketError) -> [UInt8] {
        var buffer = Array(repeating: UInt8(0), count: count)
        let received = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard received >= 0 else { throw TestSocketError("recv") }
        return Array(buffer.prefix(received))
    }

    /// Everything up to the end of the stream; a reset counts as the end.
    package func receiveAll() -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try? receive(), !bytes.isEmpty { all += bytes }
        return all
    }

    /// As many bytes as asked for, or fewer at the end of the stream.
    package func receive(exactly count: Int) throws(TestSocketError) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            let bytes = try receive(atMost: min(count - all.count, 65536))
            guard !bytes.isEmpty else { break }
            all += bytes
        }
        return all
    }

    /// Everything up to and with the first time that these bytes come, or up to the end of the stream.
    package func receive(through mark: String) throws(TestSocketError) -> String {
        var all: [UInt8] = []
        let mark = Array(mark.utf8)
        while !all.suffix(mark.count).elementsEqual(mark) {
            let byte = try receive(atMost: 1)
            guard !byte.isEmpty else { break }
            all += byte
        }
        return String(decoding: all, as: UTF8.self)
    }

    package func endWriting() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends reading and writing on both sides, also of a thread that waits in one of them.
    package func shutDown() {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Closes with a reset instead of an orderly end.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    package func close() {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        if wasOpen { _ = Glibc.close(descriptor) }
    }

    fileprivate static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

/// A listening socket for tests, on a free port of the loopback address.
package final class TestListener: Sendable {
    private let socket: TestSocket
    package let port: UInt16

    package init(backlog: Int32 = 1024) throws(TestSocketError) {
        socket = TestSocket(owning: Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        var address = TestSocket.loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = socket.descriptor
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard unsafe bind(descriptor, address, size) == 0, listen(descriptor, backlog) == 0 else {
                    return Int32(-1)
                }
                return unsafe getsockname(descriptor, address, &size)
            }
        }
        guard code == 0 else { throw TestSocketError("bind") }
        port = UInt16(bigEndian: address.sin_port)
        // Listeners wait as long as the test lets them; `close` ends the wait.
        socket.wait(atMost: 0)
    }

    /// The next connection, or `nil` once the listener is closed.
    package func accept() -> TestSocket? {
        let descriptor = Glibc.accept(socket.descriptor, nil, nil)
        return descriptor >= 0 ? TestSocket(owning: descriptor) : nil
    }

    /// Ends the wait of ``accept()``.
    package func close() {
        _ = shutdown(socket.descriptor, Int32(SHUT_RDWR))
    }
}
