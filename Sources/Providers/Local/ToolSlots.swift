import Catalog
import Engine
import Synchronization

/// A number of places for programs, first come first; who waits can be cancelled.
final class ToolSlots: Sendable {
    private enum Entry {
        case place, cancelled, full
    }

    private struct Waiter {
        let number: Int
        let continuation: CheckedContinuation<Entry, Never>
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

    private func take() async throws(NodeError) {
        switch await entry() {
        case .place: return
        case .cancelled: throw .cancelled
        case .full: throw NodeError(.overloaded, "\(capacity) local programs wait for their turn. Try again later.")
        }
    }

    private func entry() async -> Entry {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let entry: Entry? = state.withLock { state in
                    if Task.isCancelled { return .cancelled }
                    if state.free > 0 {
                        state.free -= 1
                        return .place
                    }
                    guard state.waiters.count < capacity else { return .full }
                    state.waiters.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let entry { continuation.resume(returning: entry) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: .cancelled)
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
        next?.continuation.resume(returning: .place)
    }
}
