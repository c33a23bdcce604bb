internal import EventLoop
internal import HTTPValues

/// The part of a server that lives on one loop: its listening socket and the connections it took.
actor HTTPWorker {
    nonisolated let loop: Loop
    let service: HTTPService
    /// How many connections this worker may have.
    let capacity: Int
    private let listener: ListeningSocket
    private var listenerWatch: Watch?
    private var slots: [Connection?] = []
    private var freeSlots: [Int] = []
    private var exchangeCount: UInt64 = 0
    var readBuffer = Array(repeating: UInt8(0), count: 64 * 1024)
    var output: [UInt8] = []
    var date = DateStamp()
    var isStopping = false
    private var awaitingEnd: CheckedContinuation<Void, Never>?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: Loop, listener: ListeningSocket, service: HTTPService, capacity: Int) {
        self.loop = loop
        self.listener = listener
        self.service = service
        self.capacity = capacity
    }

    var limits: HTTPLimits { service.limits }

    var connections: [Connection] { slots.compactMap(\.self) }

    var connectionCount: Int { slots.count - freeSlots.count }

    // MARK: Accepting

    func start() throws(EventLoopError) {
        listenerWatch = try loop.watch(listener.descriptor, for: .readable) { [self] _ in acceptWaiting() }
    }

    private func acceptWaiting() {
        // A burst is taken in parts so that the open connections get their turn.
        for _ in 0..<64 {
            switch listener.accept() {
            case .connection(let socket, let peer): open(socket, peer)
            case .none: return
            case .outOfDescriptors: return pauseAccepting()
            }
        }
    }

    /// Waits for descriptors to come free; the kernel holds the newcomers meanwhile.
    private func pauseAccepting() {
        guard let watch = listenerWatch else { return }
        loop.change(watch, to: [])
        _ = loop.scheduleHere(at: Loop.now + 100_000_000) { [self] in
            if let watch = listenerWatch { loop.change(watch, to: .readable) }
        }
    }

    private func open(_ socket: ServerSocket, _ peer: SocketAddress) {
        // A few more than allowed get an answer; beyond them the newcomer is closed without a word.
        guard connectionCount < capacity + 32 else { return socket.close() }
        let isSurplus = connectionCount >= capacity
        let slot = freeSlots.popLast() ?? slots.count
        let connection = Connection(socket: socket, peer: peer, slot: slot)
        if slot == slots.count { slots.append(connection) } else { slots[slot] = connection }
        do {
            let interest: Interest = [.readable, .writable, .edgeTriggered]
            connection.watch = try loop.watch(socket.descriptor, for: interest) { [self] readiness in
                ready(connection, readiness)
            }
        } catch {
            return close(connection)
        }
        if isSurplus { return refuse(connection, .tooManyConnections) }
        setIdle(connection)
    }

    // MARK: Events

    private func ready(_ connection: Connection, _ readiness: Readiness) {
        if readiness.contains(.failed) { return close(connection) }
        if readiness.contains(.readable) { connection.mayRead = true }
        if readiness.contains(.peerClosed) {
            connection.peerHasClosed = true
            connection.mayRead = true
        }
        switch connection.phase {
        case .idle:
            if connection.mayRead, let request = readRequest(from: connection) { serve(request, on: connection) }
        case .exchange(let exchange):
            if readiness.contains(.peerClosed) { exchange.task?.cancel() }
            exchange.resumeWaiters()
        case .lingering:
            dropInput(of: connection)
        case .closed:
            break
        }
    }

    // MARK: The table of connections

    func connection(in slot: Int) -> Connection? {
        slots[slot]
    }

    func connection(of id: ExchangeID) -> (Connection, Exchange)? {
        guard let connection = slots[id.slot], let exchange = connection.exchange, exchange.id == id else { return nil }
        return (connection, exchange)
    }

    func nextExchangeID(of connection: Connection) -> ExchangeID {
        exchangeCount += 1
        return ExchangeID(slot: connection.slot, serial: exchangeCount)
    }

    /// Closes the socket and lets everybody who waits for it go.
    func close(_ connection: Connection) {
        guard !connection.isClosed else { return }
        let exchange = connection.exchange
        connection.phase = .closed
        if let watch = connection.watch { loop.endWatch(watch, isClosed: true) }
        connection.timer?.cancel()
        connection.timer = nil
        connection.socket.close()
        connection.input.removeAll()
        slots[connection.slot] = nil
        freeSlots.append(connection.slot)
        exchange?.task?.cancel()
        exchange?.resumeWaiters()
        if connectionCount == 0 {
            awaitingEnd?.resume()
            awaitingEnd = nil
        }
    }

    // MARK: Stopping

    /// Takes no connection any more, lets the requests that are with the handler finish, and ends the rest.
    ///
    /// - Parameter limit: How long to wait for the handlers; those not done by then are cancelled and answered 503.
    func stop(within limit: Duration) async {
        guard !isStopping else { return }
        isStopping = true
        if let watch = listenerWatch { loop.endWatch(watch, isClosed: true) }
        listenerWatch = nil
        listener.close()
        for connection in connections {
            if case .idle = connection.phase, connection.partialHead == nil { close(connection) }
        }
        guard connectionCount > 0 else { return }
        let timer = loop.scheduleHere(at: Loop.now &+ limit.wholeNanoseconds) { [self] in endRemaining() }
        await withCheckedContinuation { awaitingEnd = $0 }
        timer.cancel()
    }

    private func endRemaining() {
        for connection in connections {
            switch connection.phase {
            case .idle:
                refuse(connection, .stopping)
            case .exchange(let exchange):
                if exchange.hasAnswered { close(connection) } else { refuse(connection, .stopping) }
            case .lingering, .closed:
                break
            }
        }
        // Those just refused have the linger time to read their answer; `close` ends the wait.
    }
}
