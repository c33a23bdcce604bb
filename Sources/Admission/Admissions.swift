public import Catalog
public import Values

import Synchronization

/// Decides when attempts may be made, for all runs of a server, by the places, the rates and the breakers of their ways.
///
/// Who has to wait stands in a fair line for each way, and is called with a permit.
public final class Admissions: Sendable {
    /// The most that wait for one way; whoever comes then has to ask again later.
    public static let longestLine = 100_000

    /// The permission to make one attempt; it has to be given back.
    public struct Permit: Sendable, Hashable {
        let number: Int
    }

    /// The answer to who wants to make an attempt.
    public enum Entry: Sendable {
        /// It may be made.
        case granted(Permit)
        /// It stands in line and is called later.
        case waiting(Hold)
        /// The line is full: ask again later.
        case full
    }

    private let state: Mutex<Book>
    private let now: @Sendable () -> Instant

    /// - Parameter now: The time.
    public init(now: @escaping @Sendable () -> Instant) {
        self.now = now
        state = Mutex(Book())
    }

    /// Until when the breaker of a way is open; `nil` when it is not.
    public func closed(_ lane: Lane) -> Instant? {
        guard let rule = lane.breaker else { return nil }
        let now = now()
        return state.withLock { $0.breakers[rule.key]?.hold(rule, now: now) }
    }

    /// Asks for a permit, or stands in line.
    ///
    /// - Parameters:
    ///   - lane: The way.
    ///   - turn: Whose turn it is to be.
    ///   - call: Called with the permit once it is there; it must be given back when nobody wants it any more.
    /// - Returns: Whether it is there now.
    public func enter(_ lane: Lane, _ turn: Turn, orElse call: @escaping @Sendable (Permit) -> Void) -> Entry {
        let now = now()
        return state.withLock { book in
            let isAlone = book.lines[lane.id]?.queue.isEmpty ?? true
            let hold = book.hold(lane, now)
            if isAlone, hold == nil { return .granted(book.take(lane, now)) }
            guard book.lines[lane.id]?.queue.count ?? 0 < Self.longestLine else { return .full }
            book.lines[lane.id, default: Line(lane: lane)].queue.append(
                Waiter(call: call, lane: lane),
                under: turn.path[...]
            )
            return .waiting(hold ?? .limit(until: nil))
        }
    }

    /// Takes a permit whatever the limits say: for an attempt that is under way already.
    public func occupy(_ lane: Lane) -> Permit {
        let now = now()
        return state.withLock { book in
            let permit = book.take(lane, now)
            // Its submit call was made by an earlier process.
            book.answer(permit, nil, now)
            return permit
        }
    }

    /// Gives a permit back; one whose call was not made gives its part of the rate back too.
    public func leave(_ permit: Permit, unused: Bool = false) {
        let now = now()
        state.withLock { $0.leave(permit, unused, now) }
        pump()
    }

    /// Notes what came of a call under a permit.
    public func note(_ report: CallReport, under permit: Permit) {
        let now = now()
        state.withLock { $0.note(report, permit, now) }
        pump()
    }

    /// How long a further call of a job has to wait for its part of the rate, which is taken at once.
    public func delay(of call: CallKind, on lane: Lane) -> Duration {
        let now = now()
        return state.withLock { $0.delay(call, lane, now) }
    }

    /// When somebody in line may go on at the latest, where time alone decides; ``pump()`` is to be called then.
    public var nextTurn: Instant? {
        let now = now()
        return state.withLock { book in
            book.lines.values.compactMap { line -> Instant? in
                guard !line.queue.isEmpty else { return nil }
                switch book.hold(line.lane, now) {
                case nil: return now
                case .limit(let until): return until
                case .breaker(let until): return until
                case .place: return nil
                }
            }.min()
        }
    }

    /// Calls everybody in line who may go on now.
    public func pump() {
        let now = now()
        let called = state.withLock { $0.called(now) }
        for (waiter, permit) in called { waiter.call(permit) }
    }
}

/// Somebody in line.
struct Waiter: Sendable {
    let call: @Sendable (Admissions.Permit) -> Void
    let lane: Lane
}

/// Those who wait for one way.
struct Line {
    var lane: Lane
    var queue = FairQueue<Waiter>()
}
