import EventLoop
import Values

/// Listens to what other servers say, on a connection and a thread of its own.
///
/// Of hints that nobody takes the newest 10,000 are kept: whoever takes them so late looks for itself anyway.
actor HintListener {
    nonisolated let hints: AsyncStream<Hint>
    private nonisolated let isStopping = Flag(false)
    private let executor: BlockingExecutor
    private let session: PostgreSQLSession
    private let worker: WorkerID
    private let output: AsyncStream<Hint>.Continuation

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(url: String, worker: WorkerID, on executor: BlockingExecutor) {
        self.worker = worker
        self.executor = executor
        session = PostgreSQLSession(url: url, isReader: false)
        (hints, output) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(10_000))
    }

    /// Begins to listen.
    nonisolated func start() {
        Task { await self.listen() }
    }

    /// Ends the listening within a second.
    nonisolated func stop() {
        isStopping.raise()
    }

    private func listen() {
        var pause = Duration.milliseconds(50)
        while !isStopping.isRaised {
            do {
                if !session.isConnected {
                    try session.connect()
                    // A channel cannot be an argument; its name is made of our own identifier.
                    try session.script("LISTEN \(Hint.channel(nil)); LISTEN \(Hint.channel(worker))")
                    output.yield(.lost)
                    pause = .milliseconds(50)
                }
                for hint in try session.hints(within: .milliseconds(500)) { output.yield(hint) }
            } catch {
                session.disconnect()
                BlockingExecutor.sleep(for: pause)
                pause = min(pause * 2, .seconds(1))
            }
        }
        output.finish()
    }
}
