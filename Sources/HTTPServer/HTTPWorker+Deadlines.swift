internal import EventLoop

extension HTTPWorker {
    /// Makes sure that the connection's timer fires no later than its first deadline.
    ///
    /// A timer that is due sooner stays: it looks again when it fires. So a request in time costs no timer at all.
    func arm(_ connection: Connection) {
        let deadline = connection.earliestDeadline
        guard deadline < connection.timerDeadline else { return }
        connection.timer?.cancel()
        connection.timerDeadline = deadline
        connection.timer = loop.scheduleHere(at: deadline) { [self] in timerFired(connection) }
    }

    private func timerFired(_ connection: Connection) {
        connection.timer = nil
        connection.timerDeadline = .max
        guard connection.earliestDeadline <= Loop.now else { return arm(connection) }
        switch connection.phase {
        case .idle:
            if connection.partialHead == nil { close(connection) } else { refuse(connection, .headTimedOut) }
        case .exchange(let exchange):
            // The waiter finds its deadline passed and gives up.
            exchange.resumeWaiters()
        case .lingering:
            close(connection)
        case .closed:
            break
        }
    }
}
