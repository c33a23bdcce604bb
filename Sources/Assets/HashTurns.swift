import Synchronization
package import Values

/// Lets one task at a time work on the bytes of a hash, so that nobody removes a file that somebody counts on.
///
/// As many wait as there are tasks that write or remove the same bytes.
package final class HashTurns: Sendable {
    private let waiting = Mutex<[ContentHash: [CheckedContinuation<Void, Never>]]>([:])

    /// Waits until nobody else works on the bytes.
    package func take(_ hash: ContentHash) async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { queues in
                guard queues[hash] != nil else {
                    queues[hash] = []
                    return true
                }
                queues[hash]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Lets the next one work.
    package func give(_ hash: ContentHash) {
        let next = waiting.withLock { queues -> CheckedContinuation<Void, Never>? in
            guard queues[hash]?.isEmpty == false else {
                queues[hash] = nil
                return nil
            }
            return queues[hash]?.removeFirst()
        }
        next?.resume()
    }
}
