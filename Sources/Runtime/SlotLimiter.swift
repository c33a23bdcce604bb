import Synchronization
import Values

/// A limited number of places for things of one kind; who finds none waits in the order of asking.
///
/// The line holds at most one entry for each node run that waits, and those are limited by the runs in memory.
final class SlotLimiter: Sendable {
    /// So many places there are at first: what comes of these says how fast the others may follow.
    private static let atFirst = 20

    private struct Line {
        var free: Int
        /// The places that are kept back until the line is opened.
        var later = 0
        var waiting: [@Sendable () -> Void] = []
        var head = 0
    }

    private let lines = Mutex<[String: Line]>([:])

    /// Takes a place, or stands in line.
    ///
    /// - Returns: Whether a place was taken; otherwise `retry` is called once when one is free, without taking it. And
    ///   whether places are kept back until ``open(_:)``, which is said once.
    func take(
        _ kind: String,
        of places: Int,
        orElse retry: @escaping @Sendable () -> Void
    ) -> (hasPlace: Bool, keepsBack: Bool) {
        lines.withLock { lines in
            let first = min(places, Self.atFirst)
            let keepsBack = lines[kind] == nil && first < places
            var line = lines[kind] ?? Line(free: first, later: places - first)
            defer { lines[kind] = line }
            if line.free > 0 {
                line.free -= 1
                return (true, keepsBack)
            }
            line.waiting.append(retry)
            return (false, keepsBack)
        }
    }

    /// Opens the places that were kept back.
    func open(_ kind: String) {
        let count = lines.withLock { lines in
            defer { lines[kind]?.later = 0 }
            return lines[kind]?.later ?? 0
        }
        for _ in 0..<count { give(kind) }
    }

    /// Forgets a kind that is not asked for any more.
    func forget(_ kind: String) {
        lines.withLock { _ = $0.removeValue(forKey: kind) }
    }

    /// Gives a place back and calls the first in line.
    func give(_ kind: String) { callNext(kind, giving: 1) }

    /// Calls the next in line when a place is still free: whoever was called and did not take it passes it on so.
    func pass(_ kind: String) { callNext(kind, giving: 0) }

    private func callNext(_ kind: String, giving places: Int) {
        let next = lines.withLock { lines -> (@Sendable () -> Void)? in
            guard var line = lines[kind] else { return nil }
            defer { lines[kind] = line }
            line.free += places
            guard line.free > 0, line.head < line.waiting.count else { return nil }
            let next = line.waiting[line.head]
            line.head += 1
            if line.head == line.waiting.count || line.head > 1000 {
                line.waiting.removeFirst(line.head)
                line.head = 0
            }
            return next
        }
        next?()
    }
}
