import Storage
import Synchronization
import Values

/// Remembers for a few seconds what was found for the hash of a secret.
///
/// At most ``capacity`` entries are remembered; when there are more, all are forgotten.
final class AccessCache<Value: Sendable>: Sendable {
    private struct State {
        var known: [ContentHash: (value: Value, seen: Instant)] = [:]
        /// How often all was forgotten.
        var generation = 0
    }

    private static var capacity: Int { 10_000 }
    private static var freshness: Duration { .seconds(5) }

    private let state = Mutex(State())

    /// What is known of a hash, else what is found now.
    ///
    /// - Returns: What was found, and whether that was now; nothing is remembered of what is not there.
    func value(
        of hash: ContentHash,
        at now: Instant,
        orElse find: () async throws(StorageError) -> Value?
    ) async throws(StorageError) -> (value: Value, isNew: Bool)? {
        let (known, generation) = state.withLock { ($0.known[hash], $0.generation) }
        if let known, now - known.seen < Self.freshness { return (known.value, false) }
        guard let value = try await find() else { return nil }
        state.withLock { state in
            // What was found before all was forgotten may not be true any more.
            guard state.generation == generation else { return }
            if state.known.count >= Self.capacity { state.known = [:] }
            state.known[hash] = (value, now)
        }
        return (value, true)
    }

    /// Forgets all, because something has changed.
    func forget() {
        state.withLock { state in
            state.known = [:]
            state.generation += 1
        }
    }
}
