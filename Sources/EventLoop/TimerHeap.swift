/// What happens when a timer is due or is dropped.
enum TimerAction {
    case call(() -> Void)
    case wake(CheckedContinuation<Void, any Error>)

    func fire() {
        switch self {
        case .call(let action): action()
        case .wake(let sleeper): sleeper.resume()
        }
    }

    func drop() {
        guard case .wake(let sleeper) = self else { return }
        sleeper.resume(throwing: CancellationError())
    }
}

/// Timers ordered by deadline; adding and removing take logarithmic time.
struct TimerHeap {
    private struct Entry {
        let deadline: UInt64
        let number: UInt64
        let action: TimerAction

        /// Equal deadlines fire in the order in which they were set.
        func precedes(_ other: Entry) -> Bool {
            deadline == other.deadline ? number < other.number : deadline < other.deadline
        }
    }

    private var entries: [Entry] = []
    private var positions: [UInt64: Int] = [:]

    /// Nanoseconds of the monotonic clock.
    var nextDeadline: UInt64? { entries.first?.deadline }

    mutating func add(number: UInt64, deadline: UInt64, action: TimerAction) {
        entries.append(Entry(deadline: deadline, number: number, action: action))
        positions[number] = entries.count - 1
        moveUp(from: entries.count - 1)
    }

    mutating func remove(number: UInt64) -> TimerAction? {
        guard let position = positions[number] else { return nil }
        return remove(at: position)
    }

    mutating func removeDue(at now: UInt64) -> TimerAction? {
        guard let first = entries.first, first.deadline <= now else { return nil }
        return remove(at: 0)
    }

    mutating func removeAll() -> [TimerAction] {
        defer { self = TimerHeap() }
        return entries.map(\.action)
    }

    /// Removes the timers whose action is a call.
    mutating func removeCalls() {
        for entry in entries {
            if case .call = entry.action { _ = remove(number: entry.number) }
        }
    }

    private mutating func remove(at position: Int) -> TimerAction {
        swap(position, entries.count - 1)
        let entry = entries.removeLast()
        positions[entry.number] = nil
        if position < entries.count {
            moveDown(from: position)
            moveUp(from: position)
        }
        return entry.action
    }

    private mutating func moveUp(from start: Int) {
        var position = start
        while position > 0 {
            let parent = (position - 1) / 2
            guard entries[position].precedes(entries[parent]) else { return }
            swap(position, parent)
            position = parent
        }
    }

    private mutating func moveDown(from start: Int) {
        var position = start
        while true {
            let left = 2 * position + 1
            guard left < entries.count else { return }
            let right = left + 1
            let child = right < entries.count && entries[right].precedes(entries[left]) ? right : left
            guard entries[child].precedes(entries[position]) else { return }
            swap(position, child)
            position = child
        }
    }

    private mutating func swap(_ first: Int, _ second: Int) {
        guard first != second else { return }
        entries.swapAt(first, second)
        positions[entries[first].number] = first
        positions[entries[second].number] = second
    }
}
