import Crypto
import EventLoop
import Synchronization

/// Hashes and checks passwords on the pool, two at a time, since each takes much memory and time.
///
/// Some dozens may wait; who comes then is told to come again.
final class PasswordDesk: Sendable {
    private struct State {
        var running = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let places = 2
    private static let line = 64
    /// The hash of a password that nobody knows, at the usual costs: an unknown person takes as long as a known one.
    private static let nobody =
        "$argon2id$v=19$m=65536,t=2,p=1$vmLJeJEDVaPGmuDiapoWXw$1MO2tT8oHRREyMStTNmdAhTjN6sxRP33ocQQPYWwJYI"

    private let pool: BlockingPool
    private let state = Mutex(State())

    init(pool: BlockingPool) { self.pool = pool }

    /// A hash of a password.
    func hash(_ password: String) async throws -> String {
        try await take { try PasswordHash.make(password) }
    }

    /// Whether a hash is one of a password; without a hash it takes as long, and is not.
    func verify(_ hash: String?, is password: String) async throws -> Bool {
        let isRight = try await take { PasswordHash.verify(hash ?? Self.nobody, is: password) }
        return isRight && hash != nil
    }

    private func take<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        let isFull = state.withLock { $0.waiting.count >= Self.line }
        guard !isFull else {
            throw APIError(.overloaded, "Too many people sign in at this moment. Try again in a moment.")
        }
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.running < Self.places else {
                    state.waiting.append(continuation)
                    return false
                }
                state.running += 1
                return true
            }
            if isFree { continuation.resume() }
        }
        defer { give() }
        return try await pool.run(work)
    }

    private func give() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
