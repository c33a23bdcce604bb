import Processes
import Synchronization

/// A child process that may be ended at any moment, even before it has begun; what it has started ends with it.
final class ChildHandle: Sendable {
    /// Why a child was ended from outside.
    enum Stop: Sendable {
        /// Its task was cancelled.
        case cancelled
        /// Its time was over.
        case late
    }

    private struct State {
        var child: ChildProcess?
        var stop: Stop?
    }

    private let state = Mutex(State())

    /// Why it was ended, or `nil` when it was not.
    var stop: Stop? { state.withLock(\.stop) }

    /// Ends the child and everything in its group; the first reason counts.
    func stop(_ reason: Stop) {
        state.withLock { state in
            if state.stop == nil { state.stop = reason }
            state.child?.kill()
        }
    }

    /// Starts a child and returns when it has ended; blocks its thread.
    ///
    /// - Returns: How it ended, or `nil` when it was stopped before it began.
    func run(_ start: () throws(ProcessError) -> ChildProcess) throws(ProcessError) -> ChildProcess.Exit? {
        var failure: ProcessError?
        let child = state.withLock { state -> ChildProcess? in
            guard state.stop == nil else { return nil }
            do throws(ProcessError) {
                state.child = try start()
            } catch {
                failure = error
            }
            return state.child
        }
        if let failure { throw failure }
        guard let child else { return nil }
        child.awaitEnd()
        return state.withLock { state in
            state.child = nil
            child.kill()
            return child.wait()
        }
    }
}
