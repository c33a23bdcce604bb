internal import EventLoop
internal import HTTPValues

extension HTTPWorker {
    /// How the end of an answer's body is known.
    enum AnswerFraming {
        case none, length(Int), chunked, close
    }

    /// Sends an answer; what goes wrong closes the connection.
    func respond(_ response: HTTPResponse, _ connection: Connection, _ exchange: Exchange) async {
        decideFate(response, connection, exchange)
        switch response.body {
        case .bytes(let bytes):
            await send(response, bytes, connection, exchange)
        case .file(let slice):
            await send(response, slice, connection, exchange)
        case .stream(let length, let stream):
            await send(response, length, stream, connection, exchange)
        }
    }

    /// Decides before the head is written whether another request may follow.
    private func decideFate(_ response: HTTPResponse, _ connection: Connection, _ exchange: Exchange) {
        if isStopping || connection.peerHasClosed || response.headers.hasMember("connection", "close") {
            exchange.keepsAlive = false
        }
        guard exchange.keepsAlive, !exchange.body.isDone else { return }
        // What has come of a body nobody wanted is used up; a short rest will be, a long one is not worth the wait.
        do {
            try exchange.body.take(from: &connection.input, atMost: .max) { _ in }
        } catch {
            exchange.keepsAlive = false
        }
        guard !exchange.body.isDone else { return }
        let left = exchange.body.bytesLeft ?? .max
        if left > limits.discardedBytes || exchange.owesContinue { exchange.keepsAlive = false }
    }

    /// Reads and forgets the short rest of a body, at the least rate or faster.
    func dropRestOfBody(_ connection: Connection, _ exchange: Exchange) async {
        guard exchange.keepsAlive else { return }
        do {
            while try await nextBodyChunk(of: exchange.id) != nil {}
        } catch {
            exchange.keepsAlive = false
        }
    }

    // MARK: Kinds of bodies

    private func send(
        _ response: HTTPResponse,
        _ bytes: [UInt8],
        _ connection: Connection,
        _ exchange: Exchange
    ) async {
        startHead(of: response, .length(bytes.count), exchange)
        guard hasBody(response, exchange) else { return _ = await flush(connection, exchange) }
        if bytes.count <= 32 * 1024 {
            output.append(contentsOf: bytes)
            _ = await flush(connection, exchange)
        } else if await flush(connection, exchange, moreFollows: true) {
            _ = await send(bytes, from: 0, connection, exchange)
        }
    }

    private func send(
        _ response: HTTPResponse,
        _ slice: HTTPFileSlice,
        _ connection: Connection,
        _ exchange: Exchange
    ) async {
        let source = FileSource(slice: slice, pool: service.pool, loop: loop)
        guard let file = await source.open() else {
            if connection.exchange === exchange { refuse(connection, .fileUnreadable) }
            return
        }
        guard connection.exchange === exchange else { return }
        startHead(of: response, .length(slice.length), exchange)
        guard hasBody(response, exchange) else { return _ = await flush(connection, exchange) }
        guard await flush(connection, exchange, moreFollows: slice.length > 0) else { return }
        var done = 0
        while done < slice.length {
            guard let piece = await source.read(file, from: done) else { return close(connection) }
            guard connection.exchange === exchange, await send(piece, from: 0, connection, exchange) else { return }
            done += piece.count
        }
    }

    private func send(
        _ response: HTTPResponse,
        _ length: Int?,
        _ stream: HTTPResponse.Stream,
        _ connection: Connection,
        _ exchange: Exchange
    ) async {
        exchange.streamLeft = length
        if length == nil, exchange.minorVersion == 0 { exchange.keepsAlive = false }
        let framing: AnswerFraming = length.map { .length($0) } ?? (exchange.minorVersion == 0 ? .close : .chunked)
        startHead(of: response, framing, exchange)
        guard await flush(connection, exchange), hasBody(response, exchange) else { return }
        do {
            try await stream(HTTPBodyWriter(worker: self, exchange: exchange.id))
        } catch {
            return close(connection)
        }
        guard connection.exchange === exchange else { return }
        if length == nil {
            guard exchange.minorVersion == 1 else { return }
            _ = await send(Array("0\r\n\r\n".utf8), from: 0, connection, exchange)
        } else if exchange.streamLeft != 0 {
            close(connection)
        }
    }

    /// Sends part of a streamed answer.
    func writeBody(_ bytes: [UInt8], of id: ExchangeID) async throws(HTTPExchangeError) {
        guard let (connection, exchange) = connection(of: id) else { throw .connectionLost }
        guard exchange.hasAnswered, exchange.writer == nil else { throw .exchangeEnded }
        guard !bytes.isEmpty else { return }
        let hasSent: Bool
        if let left = exchange.streamLeft {
            guard bytes.count <= left else { throw .lengthNotKept }
            exchange.streamLeft = left - bytes.count
            hasSent = await send(bytes, from: 0, connection, exchange)
        } else if exchange.minorVersion == 0 {
            hasSent = await send(bytes, from: 0, connection, exchange)
        } else {
            output.removeAll(keepingCapacity: true)
            output.append(contentsOf: String(bytes.count, radix: 16).utf8)
            output.append(contentsOf: [0x0D, 0x0A])
            output.append(contentsOf: bytes)
            output.append(contentsOf: [0x0D, 0x0A])
            hasSent = await flush(connection, exchange)
        }
        guard hasSent else { throw .connectionLost }
    }

    // MARK: Sending

    private func startHead(of response: HTTPResponse, _ framing: AnswerFraming, _ exchange: Exchange) {
        exchange.hasAnswered = true
        output.removeAll(keepingCapacity: output.capacity <= 256 * 1024)
        beginHead(of: response)
        let isBare = response.status == 204 || response.status == 304
        endHead(isBare ? .none : framing, closes: !exchange.keepsAlive)
    }

    private func hasBody(_ response: HTTPResponse, _ exchange: Exchange) -> Bool {
        !exchange.isHead && response.status != 204 && response.status != 304
    }

    /// Sends what stands in the shared output; the rest of it is copied when the client does not take all at once.
    private func flush(_ connection: Connection, _ exchange: Exchange, moreFollows: Bool = false) async -> Bool {
        switch connection.socket.send(output, from: 0, moreFollows: moreFollows) {
        case .done(output.count):
            return true
        case .done(let count):
            return await send(Array(output[count...]), from: 0, connection, exchange)
        case .wouldBlock:
            return await send(output, from: 0, connection, exchange)
        case .failed:
            close(connection)
            return false
        }
    }

    private func send(
        _ bytes: [UInt8],
        from start: Int,
        _ connection: Connection,
        _ exchange: Exchange
    ) async -> Bool {
        var sent = start
        while sent < bytes.count {
            switch connection.socket.send(bytes, from: sent) {
            case .done(let count):
                sent += count
                exchange.bytesSinceBlocked += count
            case .wouldBlock:
                guard await waitForRoom(connection, exchange) else { return false }
            case .failed:
                close(connection)
                return false
            }
        }
        exchange.blockedSince = 0
        return true
    }

    /// Waits until the client takes more, but not for one that takes less than the least rate.
    private func waitForRoom(_ connection: Connection, _ exchange: Exchange) async -> Bool {
        let now = Loop.now
        if exchange.blockedSince == 0 {
            exchange.blockedSince = now
            exchange.bytesSinceBlocked = 0
        }
        let allowance = limits.rateGrace.wholeNanoseconds + nanoseconds(for: exchange.bytesSinceBlocked)
        exchange.writeDeadline = exchange.blockedSince &+ allowance
        guard now < exchange.writeDeadline else {
            close(connection)
            return false
        }
        arm(connection)
        await withCheckedContinuation { exchange.writer = $0 }
        exchange.writeDeadline = .max
        return connection.exchange === exchange
    }
}
