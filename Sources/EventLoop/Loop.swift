private import CEventLoop
private import Synchronization

/// One thread that watches sockets, keeps timers and runs Swift tasks.
///
/// An actor stays on the loop by giving `loop.asUnownedSerialExecutor()` as its `unownedExecutor`; a task by
/// `Task(executorPreference: loop)`. Calls between such tasks and actors never leave the thread. An unstructured
/// `Task` without the preference lands on the shared pool and pays two thread changes for each call.
///
/// Work that blocks or computes for more than a millisecond holds up everything else on the loop; it belongs on a
/// ``BlockingPool``. Jobs run in the order in which they came; priorities are ignored. The queue of jobs has no bound
/// of its own: it holds at most one job for each live task.
public final class Loop: Sendable {
    /// What the loop is called in process listings and messages.
    public let label: String

    private let epoll: Descriptor
    private let wake: Descriptor
    private let inbox = Mutex(LoopInbox())
    private let timerNumbers = Atomic<UInt64>(0)
    /// Where the time comes from; the system's clock when there is none.
    private let clock: SteppedClock?

    /// Makes a loop that does nothing until ``start()``.
    public convenience init(label: String) throws(EventLoopError) {
        try self.init(label: label, clock: nil)
    }

    /// Makes a loop; one with a clock of its own has no thread and is driven by a ``SteppedLoop``.
    init(label: String, clock: SteppedClock?) throws(EventLoopError) {
        self.label = label
        self.clock = clock
        epoll = Descriptor(owning: try EventLoopError.check(eventloop_epoll_create(), "epoll_create1"))
        wake = Descriptor(owning: try EventLoopError.check(eventloop_event_create(), "eventfd"))
        // Edge-triggered: a signal wakes the loop once and is never read.
        let interest = UInt32(EVENTLOOP_READABLE | EVENTLOOP_EDGE_TRIGGERED)
        let added = eventloop_epoll_add(epoll.number, wake.number, interest, LoopState.wakeToken)
        _ = try EventLoopError.check(added, "epoll_ctl")
    }

    /// Whether the caller runs on this loop's thread.
    public var isCurrent: Bool {
        unsafe eventloop_current_owner() == Unmanaged.passUnretained(self).toOpaque()
    }

    /// Starts the loop's thread.
    public func start() throws(EventLoopError) {
        let isFirst = inbox.withLock { inbox in
            defer { inbox.isStarted = true }
            return !inbox.isStarted
        }
        guard isFirst else { throw .alreadyStarted(label: label) }
        try WorkerThread.start(label: label) { [self] in run() }
    }

    /// Ends the loop's thread once no job is left, and returns when it has ended.
    ///
    /// Timers that have not fired are dropped, sleepers are woken with a cancellation. A job that comes later is kept
    /// and never runs, so stop what uses the loop first. Must be called from outside the loop.
    public func stop() async {
        precondition(!isCurrent, "A loop cannot wait for its own end.")
        await withCheckedContinuation { continuation in
            let hasEnded = inbox.withLock { inbox in
                inbox.isStopping = true
                guard inbox.isStarted, !inbox.hasEnded else { return true }
                inbox.awaitingEnd.append(continuation)
                return false
            }
            if hasEnded { continuation.resume() } else { signal() }
        }
    }

    /// Runs a closure on the loop: at once when the caller is on it, else as soon as the loop comes to it.
    public func execute(_ work: @escaping @Sendable () -> Void) {
        if isCurrent { work() } else { post { $0.work.append(work) } }
    }

    /// Runs a closure with the loop's own state; the caller must be on the loop.
    func withState<Result>(_ body: (LoopState) throws -> Result) rethrows -> Result {
        guard isCurrent, let state = unsafe eventloop_current_state() else {
            preconditionFailure("This must be called on the loop “\(label)”.")
        }
        return try unsafe Unmanaged<LoopState>.fromOpaque(state)._withUnsafeGuaranteedRef(body)
    }

    /// A number that no other timer of this loop has.
    func nextTimerNumber() -> UInt64 {
        timerNumbers.wrappingAdd(1, ordering: .relaxed).newValue
    }

    private func post(_ add: (inout LoopInbox) -> Void) {
        let mustWake = inbox.withLock { inbox in
            add(&inbox)
            defer { inbox.isAsleep = false }
            return inbox.isAsleep
        }
        if mustWake { signal() }
    }

    private func signal() {
        _ = eventloop_event_signal(wake.number, 1)
    }

    /// Nanoseconds since the machine was started, or of the loop's own clock.
    package var time: UInt64 { clock?.now ?? Self.now }

    /// The state that the loop's thread works on.
    func makeState() -> LoopState { LoopState(epoll: epoll.number) }

    /// Makes the calling thread that of the loop while a closure runs.
    func occupy(with state: LoopState, _ body: () -> Void) {
        unsafe eventloop_set_current(
            Unmanaged.passUnretained(self).toOpaque(),
            Unmanaged.passUnretained(state).toOpaque()
        )
        body()
        eventloop_set_current(nil, nil)
    }

    private func run() {
        let state = makeState()
        occupy(with: state) { work(on: state) }
        let waiting = inbox.withLock { inbox in
            inbox.hasEnded = true
            defer { inbox.awaitingEnd = [] }
            return inbox.awaitingEnd
        }
        for continuation in waiting { continuation.resume() }
    }

    private func work(on state: LoopState) {
        while true {
            takeInbox(into: state)
            if state.timers.nextDeadline != nil { state.fireTimers(at: time) }
            runJobs(of: state, atMost: LoopState.jobsPerPass)
            if state.isIdle, mayEnd() {
                state.cancelTimers()
                // A cancelled sleeper is a new job: go round until nothing comes any more.
                if state.isIdle, mayEnd() { break }
                continue
            }
            state.dispatchEvents(mayWait: state.isIdle && fallAsleep())
        }
    }

    func takeInbox(into state: LoopState) {
        let work = inbox.withLock { inbox in
            inbox.isAsleep = false
            state.jobs.append(contentsOf: inbox.jobs)
            inbox.jobs.removeAll(keepingCapacity: inbox.jobs.capacity < 1024)
            defer { inbox.work = [] }
            return inbox.work
        }
        for closure in work { closure() }
    }

    /// Runs the jobs that are there and those they bring, but not so many that the sockets starve.
    func runJobs(of state: LoopState, atMost limit: Int) {
        let serial = asUnownedSerialExecutor()
        let task = asUnownedTaskExecutor()
        var index = 0
        while index < state.jobs.count, index < limit {
            // Both executors at once: a task that runs here then calls the actors pinned here without a new job.
            let job = state.jobs[index]
            unsafe job.runSynchronously(isolatedTo: serial, taskExecutor: task)
            index += 1
        }
        state.removeJobs(index)
    }

    private func mayEnd() -> Bool {
        inbox.withLock { $0.isStopping && $0.isEmpty }
    }

    /// Announces that the loop is about to wait; refused when something has come meanwhile.
    private func fallAsleep() -> Bool {
        inbox.withLock { inbox in
            inbox.isAsleep = inbox.isEmpty
            return inbox.isAsleep && !inbox.isStopping
        }
    }
}

extension Loop: TaskExecutor, SerialExecutor {
    /// Takes a job; without a lock when the caller is on the loop.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            withState { $0.jobs.append(job) }
        } else {
            post { $0.jobs.append(job) }
        }
    }

    /// The loop as the executor of an actor, which must keep the loop alive.
    @safe public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// The loop as the executor of a task.
    @safe public func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    /// Stops the program when the caller is not on the loop.
    public func checkIsolated() {
        precondition(isCurrent, "This must be called on the loop “\(label)”.")
    }

    /// Whether the caller is on the loop.
    public func isIsolatingCurrentContext() -> Bool? {
        isCurrent
    }
}

/// What other threads hand to a loop.
private struct LoopInbox {
    var jobs: [UnownedJob] = []
    var work: [@Sendable () -> Void] = []
    /// Whether the loop waits, or is about to, so that whoever adds something must wake it.
    var isAsleep = false
    var isStarted = false
    var isStopping = false
    var hasEnded = false
    var awaitingEnd: [CheckedContinuation<Void, Never>] = []

    var isEmpty: Bool { jobs.isEmpty && work.isEmpty }
}
