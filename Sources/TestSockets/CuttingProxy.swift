private import Foundation
private import Synchronization

/// A way to a PostgreSQL server that can be cut, at any moment or at a commit, or hold back what comes by.
package final class CuttingProxy: Sendable {
    /// When the connections are cut.
    package enum Cut: Sendable {
        /// Not at all.
        case never
        /// When a commit comes by: before it reaches the server, or when the server has answered it.
        case atCommit(isDone: Bool)
        /// Not at all, but from the next commit on everything is held back.
        case holdAtCommit
    }

    private struct State {
        var cut = Cut.never
        var isClosed = false
        var isHeld = false
        var cuts = 0
        var sockets: [TestSocket] = []
    }

    private let listener: TestListener
    private let target: UInt16
    private let state = Mutex(State())

    package var port: UInt16 { listener.port }
    /// How often a commit was cut.
    package var cuts: Int { state.withLock { $0.cuts } }

    /// Whether everything is held back.
    package var isHeld: Bool { state.withLock { $0.isHeld } }

    package init(to target: UInt16) throws {
        self.target = target
        listener = try TestListener()
        Thread.detachNewThread { [weak self, listener] in
            while let client = listener.accept() { self?.serve(client) }
        }
    }

    /// Cuts the next commit, once.
    package func cut(_ cut: Cut) { state.withLock { $0.cut = cut } }

    /// Cuts all connections and refuses new ones, or takes them again.
    package func close(_ isClosed: Bool) {
        let sockets = state.withLock { state in
            state.isClosed = isClosed
            defer { if isClosed { state.sockets = [] } }
            return isClosed ? state.sockets : []
        }
        for socket in sockets { socket.shutDown() }
    }

    /// Holds back everything without ending a connection, as a broken network does, or lets it go on.
    package func hold(_ isHeld: Bool) { state.withLock { $0.isHeld = isHeld } }

    package func stop() {
        hold(false)
        listener.close()
        close(true)
    }

    private func serve(_ client: TestSocket) {
        guard !state.withLock({ $0.isClosed }), let server = try? TestSocket.connect(port: target) else { return }
        client.wait(atMost: 3600)
        server.wait(atMost: 3600)
        state.withLock { $0.sockets += [client, server] }
        // Whether the answer that comes next is the one to a commit that is to be cut.
        let isAwaited = Mark()
        let end: @Sendable () -> Void = { [self] in
            client.shutDown()
            server.shutDown()
            state.withLock { $0.sockets.removeAll { $0 === client || $0 === server } }
        }
        Thread.detachNewThread { [self] in
            defer { end() }
            while let bytes = try? client.receive(), !bytes.isEmpty {
                switch Self.isCommit(bytes) ? takeCut() : .never {
                case .never: break
                case .atCommit(isDone: false): return
                case .atCommit(isDone: true): isAwaited.set()
                case .holdAtCommit: hold(true)
                }
                waitWhileHeld()
                guard (try? server.send(bytes)) != nil else { return }
            }
        }
        Thread.detachNewThread { [self] in
            defer { end() }
            while let bytes = try? server.receive(), !bytes.isEmpty {
                waitWhileHeld()
                guard !isAwaited.isSet, (try? client.send(bytes)) != nil else { return }
            }
        }
    }

    private func waitWhileHeld() {
        while state.withLock({ $0.isHeld && !$0.isClosed }) { Thread.sleep(forTimeInterval: 0.005) }
    }

    private func takeCut() -> Cut {
        state.withLock { state in
            defer { state.cut = .never }
            if case .atCommit = state.cut { state.cuts += 1 }
            return state.cut
        }
    }

    /// A simple query `COMMIT`.
    private static func isCommit(_ bytes: [UInt8]) -> Bool {
        bytes.count == 12 && bytes[0] == UInt8(ascii: "Q") && bytes[5...10].elementsEqual("COMMIT".utf8)
    }
}

/// Something that has happened.
private final class Mark: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
