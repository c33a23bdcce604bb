import EventLoop
import Storage
import Synchronization

/// Lets requests of the same name come one after the other.
final class RequestTurns: Sendable {
    private struct State {
        /// Those who wait for a name that somebody has, in their order.
        var lines: [StoredAnswer.Name: [(number: Int, waiter: CheckedContinuation<Bool, Never>)]] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// Waits until nobody else has a name.
    ///
    /// - Returns: Whether the name is had now; not when the time was over before.
    func take(_ name: StoredAnswer.Name, within time: Duration, on loop: Loop) async -> Bool {
        let number = state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
        let timer = loop.schedule(after: time) { [self] in giveUp(name, number) }
        defer { timer.cancel() }
        return await withCheckedContinuation { waiter in
            let isFree = state.withLock { state in
                guard state.lines[name] != nil else {
                    state.lines[name] = []
                    return true
                }
                state.lines[name]?.append((number, waiter))
                return false
            }
            if isFree { waiter.resume(returning: true) }
        }
    }

    /// Leaves a name to the next one who waits for it.
    func leave(_ name: StoredAnswer.Name) {
        let next = state.withLock { state in
            guard var line = state.lines[name], !line.isEmpty else {
                state.lines[name] = nil
                return nil as CheckedContinuation<Bool, Never>?
            }
            let first = line.removeFirst()
            state.lines[name] = line
            return first.waiter
        }
        next?.resume(returning: true)
    }

    private func giveUp(_ name: StoredAnswer.Name, _ number: Int) {
        let waiter = state.withLock { state in
            guard let place = state.lines[name]?.firstIndex(where: { $0.number == number }) else {
                return nil as CheckedContinuation<Bool, Never>?
            }
            return state.lines[name]?.remove(at: place).waiter
        }
        waiter?.resume(returning: false)
    }
}
