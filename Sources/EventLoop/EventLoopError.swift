/// Why a thread, a loop or a pool could not do what was asked.
public enum EventLoopError: Error, Equatable, CustomStringConvertible {
    /// The operating system refused a call; `code` is its errno.
    case system(call: String, code: Int32)
    /// The loop or executor was started before.
    case alreadyStarted(label: String)
    /// The pool's queue already holds as much work as it may.
    case poolIsFull(label: String, capacity: Int)
    /// The pool is stopped and takes no work any more.
    case poolIsStopped(label: String)

    /// What happened and what to do next.
    public var description: String {
        switch self {
        case .system(let call, let code):
            "The system call \(call) failed with error \(code). Check the limits on open files and threads."
        case .alreadyStarted(let label):
            "“\(label)” was started before. Start it once."
        case .poolIsFull(let label, let capacity):
            "The pool “\(label)” has \(capacity) pieces of work waiting. Try again when some are done."
        case .poolIsStopped(let label):
            "The pool “\(label)” is stopped. Start no work while the server shuts down."
        }
    }

    /// The result of a system call, or the error its negative value stands for.
    static func check(_ result: Int32, _ call: String) throws(EventLoopError) -> Int32 {
        guard result >= 0 else { throw .system(call: call, code: -result) }
        return result
    }
}
