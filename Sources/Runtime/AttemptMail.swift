import Engine
import EventLoop
import Synchronization

/// Where an attempt hears what its vendor has told by calling us.
final class AttemptMail: Sendable {
    private struct State {
        var messages: ArraySlice<VendorCallback> = []
        var waiting: (number: Int, continuation: CheckedContinuation<Void, Never>)?
        var lastNumber = 0
        /// The last wait that is over, perhaps before it began.
        var lastOver = 0
    }

    private let state = Mutex(State())

    func put(_ message: VendorCallback) {
        let waiting = state.withLock { state in
            state.messages.append(message)
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.continuation.resume()
    }

    /// Waits for the next message, at most that long.
    ///
    /// - Returns: The message; `nil` when none came.
    /// - Throws: `CancellationError` when the calling task is cancelled.
    func next(within time: Duration, on loop: Loop) async throws -> VendorCallback? {
        if let message = state.withLock({ $0.messages.popFirst() }) { return message }
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let timer = loop.schedule(after: time) { [self] in stopWaiting(number) }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard state.messages.isEmpty, number > state.lastOver, time > .zero, !Task.isCancelled else {
                        return true
                    }
                    state.waiting = (number, continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            stopWaiting(number)
        }
        timer.cancel()
        try Task.checkCancellation()
        return state.withLock { $0.messages.popFirst() }
    }

    private func stopWaiting(_ number: Int) {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            // The time may be over before anybody waits.
            state.lastOver = max(state.lastOver, number)
            guard state.waiting?.number == number else { return nil }
            defer { state.waiting = nil }
            return state.waiting?.continuation
        }
        waiting?.resume()
    }
}
