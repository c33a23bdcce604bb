private import Synchronization

/// A clock that stands still until it is moved by hand.
package final class SteppedClock: Sendable {
    private let time = Atomic<UInt64>(1_000_000_000)

    /// A clock at one second.
    package init() {}

    /// Its time in nanoseconds.
    package var now: UInt64 { time.load(ordering: .relaxed) }

    /// Moves it forward.
    package func move(to now: UInt64) { time.store(now, ordering: .relaxed) }
}

/// A loop without a thread: whoever holds it decides when a job runs and what time it is, as a simulation does.
///
/// Sockets are not watched. All loops that are stepped together share one thread and one clock.
package final class SteppedLoop {
    /// The loop, which is never started.
    package let loop: Loop
    private let clock: SteppedClock
    private let state: LoopState

    /// A loop that takes its time from a clock.
    package init(label: String, clock: SteppedClock) throws(EventLoopError) {
        self.clock = clock
        loop = try Loop(label: label, clock: clock)
        state = loop.makeState()
    }

    /// When the next timer is due.
    package var nextDeadline: UInt64? { state.timers.nextDeadline }

    /// Takes in what others have handed over, fires the timers that are due and runs one job.
    ///
    /// - Returns: Whether anything is left to be done without time passing.
    package func step() -> Bool {
        loop.occupy(with: state) {
            loop.takeInbox(into: state)
            state.fireTimers(at: clock.now)
            loop.runJobs(of: state, atMost: 1)
            loop.takeInbox(into: state)
        }
        return !state.isIdle || state.timers.nextDeadline.map { $0 <= clock.now } ?? false
    }

    /// Whether a step would do something.
    package var isBusy: Bool {
        loop.occupy(with: state) { loop.takeInbox(into: state) }
        return !state.isIdle || state.timers.nextDeadline.map { $0 <= clock.now } ?? false
    }

    /// Drops the timers and wakes the sleepers with a cancellation, as at the end of a loop.
    package func cancelTimers() {
        loop.occupy(with: state) { state.cancelTimers() }
    }

    /// Drops the timers that call something, as if they had never been set; who sleeps goes on sleeping.
    package func forgetCalls() {
        loop.occupy(with: state) {
            loop.takeInbox(into: state)
            state.timers.removeCalls()
        }
    }
}
