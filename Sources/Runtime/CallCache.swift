import Engine
public import Storage
import Values

import Synchronization

/// Results of calls that stand for equal ones, and the calls under way that others wait for (engine.md §7).
///
/// Whoever asks for a result that nobody has makes the call; whoever asks for it meanwhile waits. When the call comes to
/// nothing, the first who waits makes it. So the line of a key holds at most one entry for each node run in memory.
public final class CallCache: Sendable {
    /// A result that is known.
    struct Hit: Sendable {
        let outputs: [String: Value]
        let reuse: Reuse
    }

    /// What comes of asking for a result.
    enum Answer: Sendable {
        /// It is known.
        case hit(Hit)
        /// Who asked makes the call, and then says what came of it.
        case fill
    }

    private let database: Database
    private let limits: CacheLimits
    private let state = Mutex(State())

    private struct State {
        /// Those who wait for a call under way, first come first.
        var waiting: [ContentHash: ArraySlice<@Sendable (Answer) -> Void>] = [:]
        /// How many results were kept since old ones were forgotten.
        var kept = 0
    }

    /// A cache in a database.
    public init(database: Database, limits: CacheLimits = CacheLimits()) {
        self.database = database
        self.limits = limits
    }

    /// Asks for a result.
    ///
    /// - Parameters:
    ///   - key: What the result depends on.
    ///   - account: Whose call it is.
    ///   - now: The time.
    ///   - onlyKnown: Whether nobody is to make the call; who finds nothing is told to make it all the same.
    ///   - later: Called once when the answer is not known yet: another call is under way.
    /// - Returns: The answer, or `nil` when it comes later.
    /// - Throws: ``StorageError`` when the database fails; then nothing is under way.
    func ask(
        _ key: ContentHash,
        _ account: AccountID,
        at now: Instant,
        onlyKnown: Bool,
        later: @escaping @Sendable (Answer) -> Void
    ) async throws(StorageError) -> Answer? {
        let isFirst = state.withLock { state in
            if state.waiting[key] != nil {
                state.waiting[key]?.append(later)
                return false
            }
            if !onlyKnown { state.waiting[key] = [] }
            return true
        }
        guard isFirst else { return nil }
        do {
            if let call = try await database.cachedCall(account, key, at: now), let hit = Hit(call) {
                if !onlyKnown { answer(all: key, .hit(hit)) }
                return .hit(hit)
            }
            return .fill
        } catch {
            if !onlyKnown { giveUp(key) }
            throw error
        }
    }

    /// Keeps what a call has brought and tells those who wait.
    func fill(
        _ key: ContentHash,
        _ account: AccountID,
        _ execution: ExecutionID,
        outputs: [String: Value],
        cost: Money,
        at now: Instant
    ) async {
        let value = JSON.object(
            JSONObject(
                outputs.sorted { $0.key < $1.key }.map { JSONObject.Member(key: $0.key, value: $0.value.record) }
            )
        ).bytes
        guard value.count <= Self.longestValue else { return giveUp(key) }
        let isSweep = state.withLock { state in
            state.kept += 1
            return state.kept % 128 == 1
        }
        let call = CachedCall(
            account: account,
            key: key,
            value: value,
            media: Array(Set(outputs.values.flatMap(\.media).map(\.hash))).sorted(),
            cost: cost,
            execution: execution,
            createdAt: now,
            expiresAt: now + limits.age
        )
        do {
            try await database.keep(call, sweeping: isSweep ? limits : nil)
        } catch {
            // The result is not kept, but it is as good as if it were: those who wait have the same call.
        }
        let reuse = Reuse(source: .cache, execution: execution, saved: cost)
        answer(all: key, .hit(Hit(outputs: outputs, reuse: reuse)))
    }

    /// Lets the first who waits make the call, because it came to nothing.
    func giveUp(_ key: ContentHash) {
        let next = state.withLock { state in
            let next = state.waiting[key]?.popFirst()
            if next == nil { state.waiting[key] = nil }
            return next
        }
        next?(.fill)
    }

    /// Whether somebody waits for a call under way.
    func isAwaited(_ key: ContentHash) -> Bool { state.withLock { $0.waiting[key]?.isEmpty == false } }

    private func answer(all key: ContentHash, _ answer: Answer) {
        let waiting = state.withLock { $0.waiting.removeValue(forKey: key) } ?? []
        for waiter in waiting { waiter(answer) }
    }

    /// The longest value that is kept, in bytes.
    private static let longestValue = 1 << 20
}

extension CallCache.Hit {
    fileprivate init?(_ call: CachedCall) {
        guard let object = (try? JSON(parsing: call.value, limits: .record))?.object else { return nil }
        var outputs: [String: Value] = [:]
        for member in object {
            guard let value = Value(record: member.value) else { return nil }
            outputs[member.key] = value
        }
        self.init(
            outputs: outputs,
            reuse: Reuse(source: .cache, execution: call.execution, saved: call.cost)
        )
    }
}
