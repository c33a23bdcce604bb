private import CEventLoop

/// A timer that has been set and may be cancelled.
public struct LoopTimer: Sendable {
    private let loop: Loop
    private let number: UInt64

    init(loop: Loop, number: UInt64) {
        self.loop = loop
        self.number = number
    }

    /// Takes the timer back; nothing happens when it has fired already.
    ///
    /// Called on the loop, the timer certainly does not fire any more. Called elsewhere, it may be firing just now.
    public func cancel() {
        loop.execute { [self] in cancelOnLoop() }
    }

    private func cancelOnLoop() {
        loop.withState { $0.timers.remove(number: number) }?.drop()
    }
}

extension Loop {
    /// Calls a closure on the loop after a time; not earlier, and later only as far as the loop is busy.
    @discardableResult
    public func schedule(after delay: Duration, _ action: @escaping @Sendable () -> Void) -> LoopTimer {
        let number = nextTimerNumber()
        let deadline = time &+ delay.wholeNanoseconds
        execute { [self] in add(number, deadline, .call(action)) }
        return LoopTimer(loop: self, number: number)
    }

    /// Calls a closure, which may be isolated to an actor pinned to this loop, at a moment of ``now``.
    ///
    /// The caller must be on the loop.
    package func scheduleHere(at deadline: UInt64, _ action: @escaping () -> Void) -> LoopTimer {
        let number = nextTimerNumber()
        add(number, deadline, .call(action))
        return LoopTimer(loop: self, number: number)
    }

    /// Suspends the calling task for a time.
    ///
    /// Cheaper than `Task.sleep`, which wakes through another thread.
    ///
    /// - Parameters:
    ///   - duration: How long.
    ///   - isolation: The caller's actor, on which the waiting is begun.
    /// - Throws: `CancellationError` when the task is cancelled or the loop ends.
    public func sleep(for duration: Duration, isolation: isolated (any Actor)? = #isolation) async throws {
        let number = nextTimerNumber()
        let deadline = time &+ duration.wholeNanoseconds
        let isCancelled = CancellationMark()
        try await withTaskCancellationHandler {
            // Only what captures the actor is isolated to it; else the closure would go by way of another executor.
            _ = isolation
            try await withCheckedThrowingContinuation { (sleeper: CheckedContinuation<Void, any Error>) in
                execute { [self] in
                    // A cancellation from elsewhere may have come before the timer was there to be removed.
                    guard !isCancelled.isSet else { return sleeper.resume(throwing: CancellationError()) }
                    add(number, deadline, .wake(sleeper))
                }
            }
        } onCancel: {
            isCancelled.set()
            LoopTimer(loop: self, number: number).cancel()
        }
    }

    /// Nanoseconds since the machine was started; the time it slept counts.
    package static var now: UInt64 { eventloop_now() }

    private func add(_ number: UInt64, _ deadline: UInt64, _ action: TimerAction) {
        withState { $0.timers.add(number: number, deadline: deadline, action: action) }
    }
}

extension Duration {
    /// The span in nanoseconds, from 0 to some 292 years.
    package var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < 9_223_372_036 else { return UInt64(Int64.max) }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds) / 1_000_000_000
    }
}
