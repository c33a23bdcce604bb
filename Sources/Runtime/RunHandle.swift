public import Engine
public import EventLoop
public import Values

import Synchronization

/// A run that is not terminal, or has just ended, as others may see it: only what is committed.
public final class RunHandle: Sendable {
    /// What can be seen of a run at one moment.
    public struct Snapshot: Sendable {
        /// The state.
        public let run: Run
        /// Grows with every change.
        public let change: Int64
        /// The server that works on it; `nil` while none does.
        public let worker: WorkerID?

        /// What is shown, once somebody has looked.
        private let shown = Shown()

        init(run: Run, change: Int64, worker: WorkerID?) {
            self.run = run
            self.change = change
            self.worker = worker
        }

        /// Everything that is shown about the run; made once, however many look.
        public var view: RunView {
            shown.view.withLock { known in
                if let known { return known }
                var view = run.view
                if run.end == nil {
                    view.worker = worker
                    view.wakeAt = run.nextWake
                }
                known = view
                return view
            }
        }
    }

    private final class Shown: Sendable {
        let view = Mutex<RunView?>(nil)
    }

    /// The execution.
    public let id: ExecutionID
    private let state: Mutex<State>

    private struct State {
        var snapshot: Snapshot
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
        /// Those who are about to wait, and whether their time is over already.
        var arriving: [Int: Bool] = [:]
        /// When somebody last looked for it, or waited for it, by the clock of the loops.
        var lookedAt: UInt64 = 0
    }

    /// A run that a server works on.
    init(_ run: Run, worker: WorkerID?) {
        id = run.facts.execution
        state = Mutex(State(snapshot: Snapshot(run: run, change: run.lastEvent, worker: worker)))
    }

    /// What can be seen now.
    public var snapshot: Snapshot { state.withLock { $0.snapshot } }

    /// Notes that somebody looks at it, and may be about to wait for what is newer.
    func noteLook(at time: UInt64) { state.withLock { $0.lookedAt = max($0.lookedAt, time) } }

    /// Whether somebody waits for something newer, or has looked at it since a time and may be about to.
    func isWatched(since time: UInt64) -> Bool {
        state.withLock { !$0.waiters.isEmpty || !$0.arriving.isEmpty || $0.lookedAt >= time }
    }

    /// Shows a new state and wakes those who wait for one.
    func publish(_ run: Run, worker: WorkerID?) {
        let waiters = state.withLock { state in
            let change = max(run.lastEvent, state.snapshot.change + 1)
            state.snapshot = Snapshot(run: run, change: change, worker: worker)
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Shows who works on the run, where nothing else has changed.
    func note(worker: WorkerID?) {
        state.withLock { state in
            let seen = state.snapshot
            state.snapshot = Snapshot(run: seen.run, change: seen.change, worker: worker)
        }
    }

    /// Waits until there is something newer than a change, the run is terminal, or the time is over.
    ///
    /// - Parameters:
    ///   - change: The last change that was seen.
    ///   - time: The longest wait.
    ///   - loop: Keeps the time.
    /// - Returns: What can be seen then.
    public func snapshot(after change: Int64, within time: Duration, on loop: Loop) async -> Snapshot {
        let number = state.withLock { state in
            defer { state.nextWaiter += 1 }
            state.arriving[state.nextWaiter] = false
            return state.nextWaiter
        }
        let timer = loop.schedule(after: time) { [self] in stopWaiting(number) }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isNew = state.withLock { state in
                    let isOver = state.arriving.removeValue(forKey: number) ?? true
                    guard !isOver, state.snapshot.change <= change, state.snapshot.run.end == nil, !Task.isCancelled
                    else {
                        return true
                    }
                    state.waiters[number] = continuation
                    return false
                }
                if isNew { continuation.resume() }
            }
        } onCancel: {
            stopWaiting(number)
        }
        timer.cancel()
        noteLook(at: loop.time)
        return snapshot
    }

    /// Waits until the run is terminal or the time is over.
    public func end(within time: Duration, on loop: Loop) async -> Snapshot {
        let deadline = loop.time &+ time.wholeNanoseconds
        var seen = snapshot
        while seen.run.end == nil, loop.time < deadline, !Task.isCancelled {
            let left = Duration.nanoseconds(deadline - loop.time)
            seen = await snapshot(after: seen.change, within: left, on: loop)
        }
        return seen
    }

    private func stopWaiting(_ number: Int) {
        let waiter = state.withLock { state in
            // The time may be over before anybody waits.
            if state.arriving[number] != nil { state.arriving[number] = true }
            return state.waiters.removeValue(forKey: number)
        }
        waiter?.resume()
    }
}
