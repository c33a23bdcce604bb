private import CEventLoop
private import Synchronization

/// A bounded number of threads for work that blocks: files, name look-ups, password hashing.
///
/// Threads are started when there is work for them and kept until ``stop()``. Work beyond the queue's capacity is
/// refused at once with ``EventLoopError/poolIsFull(label:capacity:)``; it is never held back unseen.
public final class BlockingPool: Sendable {
    /// What the pool is called in process listings and messages.
    public let label: String
    /// The greatest number of threads.
    public let threads: Int
    /// The greatest number of pieces of work that wait for a thread.
    public let capacity: Int

    /// Queued work: called with `nil` to be done, or with the reason why it cannot be.
    private typealias Work = @Sendable (EventLoopError?) -> Void

    private struct State {
        var queue: [Work] = []
        /// The position of the oldest work in `queue`; what stands before it is done.
        var head = 0
        var running = 0
        var idle = 0
        var isStopped = false
        var awaitingEnd: [CheckedContinuation<Void, Never>] = []

        var waiting: Int { queue.count - head }

        mutating func take() -> Work? {
            guard head < queue.count else { return nil }
            let work = queue[head]
            queue[head] = { _ in }
            head += 1
            if head == queue.count {
                queue.removeAll(keepingCapacity: true)
                head = 0
            } else if head > 256, head > queue.count / 2 {
                queue.removeFirst(head)
                head = 0
            }
            return work
        }
    }

    private let state = Mutex(State())
    private let wake: Descriptor

    /// Makes a pool without a thread.
    ///
    /// - Parameters:
    ///   - label: What the pool is called in process listings and messages.
    ///   - threads: The greatest number of threads; at least 1.
    ///   - capacity: The greatest number of pieces of work that wait; at least 1.
    /// - Throws: ``EventLoopError/system(call:code:)`` when descriptors run out.
    public init(label: String, threads: Int, capacity: Int) throws(EventLoopError) {
        precondition(threads >= 1 && capacity >= 1, "A pool has a thread and a place to wait.")
        self.label = label
        self.threads = threads
        self.capacity = capacity
        wake = Descriptor(owning: try EventLoopError.check(eventloop_semaphore_create(), "eventfd"))
    }

    /// Runs blocking work on one of the threads and gives its result.
    ///
    /// Work that has begun is not interrupted by cancellation; work whose task is cancelled before its turn is not
    /// begun, unless it must be done all the same, such as removing what was left behind.
    ///
    /// - Parameters:
    ///   - isolation: The caller's actor, on which the waiting is begun.
    ///   - isCancellable: Whether work whose task is cancelled before its turn is left out.
    ///   - work: What blocks.
    /// - Returns: The work's result.
    /// - Throws: What the work throws, ``EventLoopError``, or `CancellationError`.
    public func run<Result: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        isCancellable: Bool = true,
        _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        let isCancelled = CancellationMark()
        return try await withTaskCancellationHandler {
            // Only what captures the actor is isolated to it; else the closure would go by way of another executor.
            _ = isolation
            return try await withCheckedThrowingContinuation { continuation in
                do {
                    try add { failure in
                        if let failure { return continuation.resume(throwing: failure) }
                        guard !isCancelled.isSet else { return continuation.resume(throwing: CancellationError()) }
                        continuation.resume(with: Swift.Result { try work() })
                    }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            if isCancellable { isCancelled.set() }
        }
    }

    /// Ends the threads once the queue is empty, and returns when they have ended; later work is refused.
    public func stop() async {
        await withCheckedContinuation { continuation in
            let running = state.withLock { state in
                state.isStopped = true
                if state.running > 0 { state.awaitingEnd.append(continuation) }
                return state.running
            }
            if running == 0 { continuation.resume() } else { signal(running) }
        }
    }

    private enum Admission {
        case wakeThread, startThread, wait
    }

    private func add(_ work: @escaping Work) throws(EventLoopError) {
        let admission = state.withLock { state in
            Result { () throws(EventLoopError) in try admit(work, to: &state) }
        }
        switch try admission.get() {
        case .wakeThread: signal(1)
        case .startThread: startThread()
        case .wait: break
        }
    }

    private func admit(_ work: @escaping Work, to state: inout State) throws(EventLoopError) -> Admission {
        guard !state.isStopped else { throw .poolIsStopped(label: label) }
        guard state.waiting < capacity else { throw .poolIsFull(label: label, capacity: capacity) }
        state.queue.append(work)
        if state.idle > 0 {
            state.idle -= 1
            return .wakeThread
        }
        guard state.running < threads else { return .wait }
        state.running += 1
        return .startThread
    }

    private func startThread() {
        do {
            try WorkerThread.start(label: label) { [self] in run() }
        } catch {
            // With other threads running the work is done later; without one it cannot be.
            let stranded = state.withLock { state in
                state.running -= 1
                guard state.running == 0 else { return [] as [Work] }
                var stranded: [Work] = []
                while let work = state.take() { stranded.append(work) }
                return stranded
            }
            for work in stranded { work(error) }
        }
    }

    private func run() {
        while true {
            let (work, mayEnd) = state.withLock { state in
                let work = state.take()
                if work == nil, !state.isStopped { state.idle += 1 }
                return (work, work == nil && state.isStopped)
            }
            if let work { work(nil) } else if mayEnd { break } else { _ = eventloop_semaphore_wait(wake.number) }
        }
        let waiting = state.withLock { state in
            state.running -= 1
            guard state.running == 0 else { return [] as [CheckedContinuation<Void, Never>] }
            defer { state.awaitingEnd = [] }
            return state.awaitingEnd
        }
        for continuation in waiting { continuation.resume() }
    }

    private func signal(_ threads: Int) {
        _ = eventloop_event_signal(wake.number, UInt64(threads))
    }
}
