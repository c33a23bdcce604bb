internal import EventLoop
internal import HTTPValues

extension HTTPWorker {
    /// What came of a look for more input.
    enum Arrival {
        case bytes, nothing, end
    }

    /// Waits for the connection's next request.
    func setIdle(_ connection: Connection) {
        connection.phase = .idle
        connection.deadline = Loop.now &+ limits.idleTime.wholeNanoseconds
        arm(connection)
    }

    /// The connection's next request when its head is there; whatever is wrong is answered here.
    func readRequest(from connection: Connection) -> HTTPRequest? {
        do throws(HTTPRefusal) {
            while true {
                if let request = try parseRequest(from: connection) { return request }
                switch receive(connection) {
                case .bytes:
                    continue
                case .nothing:
                    return nil
                case .end:
                    close(connection)
                    return nil
                }
            }
        } catch {
            refuse(connection, error)
            return nil
        }
    }

    private func parseRequest(from connection: Connection) throws(HTTPRefusal) -> HTTPRequest? {
        guard !connection.input.isEmpty else { return nil }
        var parser = connection.partialHead?.parser ?? RequestHeadParser()
        let limits = limits
        let parsed = try connection.input.withSpan { bytes throws(HTTPRefusal) in
            try parser.parse(bytes, limits: limits)
        }
        guard let (head, length) = parsed else {
            noteUnfinishedHead(connection, parser)
            return nil
        }
        connection.partialHead = nil
        connection.input.consume(length)
        guard !isStopping else { throw .stopping }
        let exchange = Exchange(id: nextExchangeID(of: connection), head: head)
        connection.phase = .exchange(exchange)
        let body = HTTPRequestBody(worker: self, exchange: exchange.id, framing: head.framing)
        return HTTPRequest(head: head, body: body, peer: connection.peer, loop: loop)
    }

    /// The time for the head runs from its first byte, however steadily the others come.
    private func noteUnfinishedHead(_ connection: Connection, _ parser: RequestHeadParser) {
        if let partialHead = connection.partialHead {
            partialHead.parser = parser
        } else {
            connection.partialHead = Connection.PartialHead(parser)
            connection.deadline = Loop.now &+ limits.headTime.wholeNanoseconds
            arm(connection)
        }
    }

    /// Reads once from the socket when there may be something.
    func receive(_ connection: Connection) -> Arrival {
        guard connection.mayRead else { return .nothing }
        switch connection.socket.receive(into: &readBuffer) {
        case .done(0):
            connection.mayRead = false
            connection.peerHasClosed = true
            return .end
        case .done(let count):
            // Less than asked for means that nothing is left; the kernel will tell when more comes.
            if count < readBuffer.count, !connection.peerHasClosed { connection.mayRead = false }
            connection.input.append(readBuffer[..<count])
            return .bytes
        case .wouldBlock:
            connection.mayRead = false
            return .nothing
        case .failed:
            return .end
        }
    }

    // MARK: Bodies

    /// The next bytes of a request's body; `nil` at its end.
    func nextBodyChunk(of id: ExchangeID) async throws(HTTPExchangeError) -> [UInt8]? {
        var chunk: [UInt8] = []
        let isAtEnd = try await readBody(of: id, into: &chunk, until: { !$0.isEmpty }, limit: Int.max)
        return isAtEnd && chunk.isEmpty ? nil : chunk
    }

    /// The whole body of a request.
    func collectBody(of id: ExchangeID, atMost limit: Int) async throws(HTTPExchangeError) -> [UInt8] {
        var bytes: [UInt8] = []
        if let (_, exchange) = connection(of: id), let left = exchange.body.bytesLeft, left <= limit {
            bytes.reserveCapacity(min(left, 1 << 20))
        }
        _ = try await readBody(of: id, into: &bytes, until: { _ in false }, limit: limit)
        return bytes
    }

    /// Reads on until enough is there or the body ends; whether it has ended.
    private func readBody(
        of id: ExchangeID,
        into bytes: inout [UInt8],
        until isEnough: ([UInt8]) -> Bool,
        limit: Int
    ) async throws(HTTPExchangeError) -> Bool {
        guard let (connection, exchange) = connection(of: id), exchange.reader == nil else { throw .exchangeEnded }
        while !exchange.body.isDone {
            let before = bytes.count
            try takeBody(connection, exchange, into: &bytes)
            exchange.bytesRead += bytes.count - before
            guard bytes.count <= limit else {
                exchange.keepsAlive = false
                throw .bodyTooLarge(limit: limit)
            }
            if exchange.body.isDone || isEnough(bytes) { break }
            askForBody(connection, exchange)
            switch receive(connection) {
            case .bytes: continue
            case .nothing: try await waitForBody(connection, exchange)
            case .end: throw .connectionLost
            }
        }
        return exchange.body.isDone
    }

    private func takeBody(
        _ connection: Connection,
        _ exchange: Exchange,
        into bytes: inout [UInt8]
    ) throws(HTTPExchangeError) {
        do {
            try exchange.body.take(from: &connection.input, atMost: 64 * 1024) { data in
                unsafe data.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
            }
        } catch {
            exchange.keepsAlive = false
            throw .malformedBody(error.description)
        }
    }

    /// Sends `100 Continue` when the client waits for it.
    private func askForBody(_ connection: Connection, _ exchange: Exchange) {
        guard exchange.owesContinue else { return }
        exchange.owesContinue = false
        _ = connection.socket.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), from: 0)
    }

    /// Waits for more of the body, but not for a client that sends less than the least rate.
    private func waitForBody(_ connection: Connection, _ exchange: Exchange) async throws(HTTPExchangeError) {
        guard !Task.isCancelled else { throw .connectionLost }
        let allowance = limits.rateGrace.wholeNanoseconds + nanoseconds(for: exchange.bytesRead)
        let began = Loop.now
        let deadline = began &+ (allowance - min(allowance, exchange.readingTime))
        exchange.readDeadline = deadline
        arm(connection)
        let id = exchange.id
        await withTaskCancellationHandler {
            await suspend(exchange)
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.wakeReader(of: id) } }
        }
        let now = Loop.now
        exchange.readDeadline = .max
        exchange.readingTime += now - began
        guard self.connection(of: id) != nil else { throw .connectionLost }
        guard now < deadline || connection.mayRead else {
            exchange.keepsAlive = false
            throw .tooSlow
        }
    }

    /// A method of its own because a closure is only isolated to the actor when it captures it.
    private func suspend(_ exchange: Exchange) async {
        await withCheckedContinuation { exchange.reader = $0 }
    }

    private func wakeReader(of id: ExchangeID) {
        guard let (_, exchange) = connection(of: id) else { return }
        exchange.reader?.resume()
        exchange.reader = nil
    }

    /// How long so many bytes may take at the least rate.
    func nanoseconds(for bytes: Int) -> UInt64 {
        let (seconds, rest) = bytes.quotientAndRemainder(dividingBy: max(limits.minimumRate, 1))
        return UInt64(seconds) * 1_000_000_000 + UInt64(rest) * 1_000_000_000 / UInt64(max(limits.minimumRate, 1))
    }
}
