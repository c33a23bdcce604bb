internal import EventLoop
internal import HTTPValues

extension HTTPWorker {
    /// Starts the task that answers this request and those that follow at once.
    func serve(_ request: HTTPRequest, on connection: Connection) {
        guard let exchange = connection.exchange else { return }
        exchange.task = Task(executorPreference: loop) { [id = exchange.id] in
            await self.answer(request, of: id)
        }
    }

    /// One request after the other as long as the next one is already there.
    private func answer(_ request: HTTPRequest, of id: ExchangeID) async {
        guard let (connection, _) = connection(of: id) else { return }
        var request = request
        while true {
            guard let exchange = connection.exchange else { return }
            let response = await service.handler(request)
            guard connection.exchange === exchange else { return }
            await respond(response, connection, exchange)
            guard connection.exchange === exchange else { return }
            await dropRestOfBody(connection, exchange)
            guard connection.exchange === exchange else { return }
            guard exchange.keepsAlive, !isStopping else { return linger(connection) }
            setIdle(connection)
            guard !connection.input.isEmpty || connection.mayRead else { return }
            guard let next = readRequest(from: connection) else { return }
            connection.exchange?.task = exchange.task
            if connection.peerHasClosed { exchange.task?.cancel() }
            request = next
            await Task.yield()
        }
    }

    /// Answers without asking the handler and ends the connection.
    func refuse(_ connection: Connection, _ refusal: HTTPRefusal) {
        let exchange = connection.exchange
        guard exchange?.hasAnswered != true, !connection.isClosed else { return close(connection) }
        exchange?.hasAnswered = true
        var response = service.refusal(refusal)
        if case .bytes = response.body {} else { response.body = .bytes([]) }
        output.removeAll(keepingCapacity: true)
        beginHead(of: response)
        endHead(.length(bodyLength(of: response)), closes: true)
        if case .bytes(let bytes) = response.body, exchange?.isHead != true { output.append(contentsOf: bytes) }
        // A few hundred bytes on a connection that has sent nothing lately: the kernel takes them or never will.
        guard case .done(output.count) = connection.socket.send(output, from: 0) else { return close(connection) }
        linger(connection)
        exchange?.task?.cancel()
        exchange?.resumeWaiters()
    }

    /// Ends the connection so that the client can read its last answer: closing at once would discard it unread.
    func linger(_ connection: Connection) {
        guard !connection.isClosed else { return }
        guard !connection.peerHasClosed || connection.mayRead else { return close(connection) }
        connection.phase = .lingering
        connection.partialHead = nil
        connection.input.removeAll()
        connection.socket.endWriting()
        connection.deadline = Loop.now &+ limits.lingerTime.wholeNanoseconds
        arm(connection)
        dropInput(of: connection)
    }

    /// Reads and forgets what a lingering client still sends.
    func dropInput(of connection: Connection) {
        // At most 1 MiB at a time, so that a fast sender does not hold up the loop.
        for _ in 0..<16 {
            switch receive(connection) {
            case .bytes: connection.input.removeAll()
            case .nothing: return
            case .end: return close(connection)
            }
        }
        loop.execute { [slot = connection.slot] in self.assumeIsolated { $0.dropMore(slot) } }
    }

    private func dropMore(_ slot: Int) {
        guard let connection = connection(in: slot), case .lingering = connection.phase else { return }
        dropInput(of: connection)
    }
}
