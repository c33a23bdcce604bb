import Catalog
import Engine
import Synchronization

/// A number of places for programs, first come first; who waits can be cancelled.
final class ToolSlots: Sendable {
    private struct Waiter {
        let number: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var free: Int
        var waiters: [Waiter] = []
        var nextNumber = 0
    }

    private let capacity: Int
    private let state: Mutex<State>

    init(places: Int, waiting: Int) {
        capacity = waiting
        state = Mutex(State(free: max(1, places)))
    }

    /// Does something while holding a place.
    func withPlace<Result>(_ body: () async throws(NodeError) -> Result) async throws(NodeError) -> Result {
        try await take()
        defer { give() }
        return try await body()
    }

    private enum Entry {
        case place, wait, full
    }

    private func take() async throws(NodeError) {
        let (entry, number) = state.withLock { state -> (Entry, Int) in
            state.nextNumber += 1
            if state.free > 0 {
                state.free -= 1
                return (.place, state.nextNumber)
            }
            return (state.waiters.count < capacity ? .wait : .full, state.nextNumber)
        }
        switch entry {
        case .place: return
        case .full: throw NodeError(.overloaded, "\(capacity) local programs wait for their turn. Try again later.")
        case .wait: guard await wait(number) else { throw .cancelled }
        }
    }

    /// Whether the place was given, and not the wait cancelled.
    private func wait(_ number: Int) async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let given: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiters.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let given { continuation.resume(returning: given) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: false)
        }
    }

    private func give() {
        let next = state.withLock { state -> Waiter? in
            guard !state.waiters.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.continuation.resume(returning: true)
    }
}
