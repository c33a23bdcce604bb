import Synchronization

/// The bytes of all media, once they have been added up.
final class MediaUsage: Sendable {
    private let sum = Mutex<Int64?>(nil)

    /// The bytes; `nil` when they are not known yet.
    var bytes: Int64? { sum.withLock { $0 } }

    func set(_ bytes: Int64) { sum.withLock { $0 = bytes } }

    func add(_ bytes: Int64) {
        sum.withLock { sum in
            if let known = sum { sum = max(0, known + bytes) }
        }
    }
}
