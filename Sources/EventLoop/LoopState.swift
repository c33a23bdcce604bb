private import CEventLoop

/// What only the loop's own thread touches: its jobs, timers and sockets.
///
/// It is reached through the thread's own slot alone, so no other thread can come by a reference.
final class LoopState {
    static let wakeToken = UInt64.max
    static let jobsPerPass = 256

    var jobs: [UnownedJob] = []
    var timers = TimerHeap()
    private let epoll: Int32
    private var watchers: [Watcher?] = []
    private var freeSlots: [UInt32] = []
    private var generation: UInt32 = 0
    private var events = Array(repeating: eventloop_event(), count: 256)

    private struct Watcher {
        let generation: UInt32
        let descriptor: Int32
        let handler: (Readiness) -> Void
    }

    init(epoll: Int32) {
        self.epoll = epoll
    }

    /// Whether there is no job to run.
    var isIdle: Bool { jobs.isEmpty }

    func removeJobs(_ count: Int) {
        if count == jobs.count {
            jobs.removeAll(keepingCapacity: jobs.capacity <= 4096)
        } else {
            jobs.removeFirst(count)
        }
    }

    // MARK: Timers

    func fireTimers(at now: UInt64) {
        while let action = timers.removeDue(at: now) { action.fire() }
    }

    /// Drops every timer and wakes the sleepers with a cancellation.
    func cancelTimers() {
        for action in timers.removeAll() { action.drop() }
    }

    // MARK: Sockets

    func watch(
        _ descriptor: Int32,
        for interest: Interest,
        handler: @escaping (Readiness) -> Void
    ) throws(EventLoopError) -> Watch {
        generation &+= 1
        let slot = freeSlots.popLast() ?? UInt32(watchers.count)
        if slot == UInt32(watchers.count) { watchers.append(nil) }
        watchers[Int(slot)] = Watcher(generation: generation, descriptor: descriptor, handler: handler)
        let watch = Watch(slot: slot, generation: generation)
        let code = eventloop_epoll_add(epoll, descriptor, interest.rawValue, watch.token)
        guard code == 0 else {
            watchers[Int(slot)] = nil
            freeSlots.append(slot)
            throw .system(call: "epoll_ctl", code: -code)
        }
        return watch
    }

    func change(_ watch: Watch, to interest: Interest) {
        guard let watcher = watcher(of: watch) else { return }
        _ = eventloop_epoll_change(epoll, watcher.descriptor, interest.rawValue, watch.token)
    }

    func endWatch(_ watch: Watch, isClosed: Bool) {
        guard let watcher = watcher(of: watch) else { return }
        if !isClosed { _ = eventloop_epoll_remove(epoll, watcher.descriptor) }
        watchers[Int(watch.slot)] = nil
        freeSlots.append(watch.slot)
    }

    /// Calls the handlers of the sockets that are ready.
    ///
    /// - Parameter mayWait: Whether to wait for the first of them, until the next timer is due.
    func dispatchEvents(mayWait: Bool) {
        let count = unsafe events.withUnsafeMutableBufferPointer { buffer in
            unsafe eventloop_epoll_wait(epoll, buffer.baseAddress, Int32(buffer.count), mayWait ? timeToNextTimer : 0)
        }
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let event = events[index]
            guard let watcher = watcher(of: Watch(token: event.token)) else { continue }
            watcher.handler(Readiness(rawValue: event.readiness))
        }
    }

    private func watcher(of watch: Watch) -> Watcher? {
        guard watch.slot < UInt32(watchers.count), let watcher = watchers[Int(watch.slot)] else { return nil }
        return watcher.generation == watch.generation ? watcher : nil
    }

    /// Nanoseconds, or −1 when there is no timer.
    private var timeToNextTimer: Int64 {
        guard let deadline = timers.nextDeadline else { return -1 }
        let now = eventloop_now()
        return deadline > now ? Int64(clamping: deadline - now) : 0
    }
}
