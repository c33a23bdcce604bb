private import CEventLoop

/// The signals that ask the process to end; one object of this type may exist in a process.
public final class ProcessSignals: Sendable {
    private let descriptor: Descriptor

    /// From now on the signals are given by ``next()`` instead of ending the process.
    public init() throws(EventLoopError) {
        descriptor = Descriptor(owning: try EventLoopError.check(eventloop_catch_signals(), "sigaction"))
    }

    /// Waits for the next signal.
    ///
    /// - Returns: Its number; 15 when none can come any more.
    public func next() async -> Int32 {
        await withCheckedContinuation { continuation in
            let wait: @Sendable () -> Void = { [self] in
                let number = eventloop_next_signal(descriptor.number)
                continuation.resume(returning: number > 0 ? number : 15)
            }
            do {
                try WorkerThread.start(label: "millrace.signals", wait)
            } catch {
                wait()
            }
        }
    }
}
