private import CEventLoop
private import Glibc
private import Synchronization

/// The executor of an actor that blocks, on a thread of its own: a database's writer, for one.
///
/// Its jobs run one after the other in the order in which they came.
public final class BlockingExecutor: SerialExecutor, Sendable {
    /// What the executor is called in process listings and messages.
    public let label: String

    private struct State {
        var jobs: [UnownedJob] = []
        var isAsleep = false
        var isStarted = false
        var isStopping = false
        var hasEnded = false
        var awaitingEnd: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let wake: Descriptor

    /// Makes an executor that does nothing until ``start()``.
    public init(label: String) throws(EventLoopError) {
        self.label = label
        wake = Descriptor(owning: try EventLoopError.check(eventloop_semaphore_create(), "eventfd"))
    }

    /// Whether the caller runs on this executor's thread.
    public var isCurrent: Bool {
        unsafe eventloop_current_owner() == Unmanaged.passUnretained(self).toOpaque()
    }

    /// Starts the executor's thread.
    public func start() throws(EventLoopError) {
        let isFirst = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted
        }
        guard isFirst else { throw .alreadyStarted(label: label) }
        try WorkerThread.start(label: label) { [self] in run() }
    }

    /// Ends the thread once no job is left, and returns when it has ended; a job that comes later never runs.
    public func stop() async {
        precondition(!isCurrent, "An executor cannot wait for its own end.")
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                state.isStopping = true
                guard state.isStarted, !state.hasEnded else { return true }
                state.awaitingEnd.append(continuation)
                return false
            }
            if hasEnded { continuation.resume() } else { _ = eventloop_event_signal(wake.number, 1) }
        }
    }

    /// Blocks the calling thread, which must be one for blocking work.
    public static func sleep(for time: Duration) {
        let (seconds, attoseconds) = time.components
        var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var rest = left
        // An interrupting signal leaves the rest of the time.
        while unsafe nanosleep(&left, &rest) != 0 { left = rest }
    }

    /// Takes a job and runs it when its turn comes.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustWake = state.withLock { state in
            state.jobs.append(job)
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if mustWake { _ = eventloop_event_signal(wake.number, 1) }
    }

    /// The executor for an actor, which must keep it alive.
    @safe public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Stops the program when the caller is not on the executor's thread.
    public func checkIsolated() {
        precondition(isCurrent, "This must be called on the executor “\(label)”.")
    }

    /// Whether the caller is on the executor's thread.
    public func isIsolatingCurrentContext() -> Bool? {
        isCurrent
    }

    /// Runs the first job on the calling thread; for an executor that was not started.
    ///
    /// - Returns: Whether there was one.
    package func runNextHere() -> Bool {
        let job = state.withLock { state in state.jobs.isEmpty ? nil : state.jobs.removeFirst() }
        guard let job else { return false }
        unsafe eventloop_set_current(Unmanaged.passUnretained(self).toOpaque(), nil)
        unsafe job.runSynchronously(on: asUnownedSerialExecutor())
        eventloop_set_current(nil, nil)
        return true
    }

    /// Whether a job waits.
    package var hasJobs: Bool { state.withLock { !$0.jobs.isEmpty } }

    private func run() {
        unsafe eventloop_set_current(Unmanaged.passUnretained(self).toOpaque(), nil)
        let executor = asUnownedSerialExecutor()
        var jobs: [UnownedJob] = []
        while true {
            jobs.removeAll(keepingCapacity: true)
            let mayEnd = state.withLock { state in
                swap(&jobs, &state.jobs)
                state.isAsleep = jobs.isEmpty && !state.isStopping
                return jobs.isEmpty && state.isStopping
            }
            if mayEnd { break }
            if jobs.isEmpty { _ = eventloop_semaphore_wait(wake.number) }
            for job in jobs { unsafe job.runSynchronously(on: executor) }
        }
        eventloop_set_current(nil, nil)
        let waiting = state.withLock { state in
            state.hasEnded = true
            defer { state.awaitingEnd = [] }
            return state.awaitingEnd
        }
        for continuation in waiting { continuation.resume() }
    }
}
