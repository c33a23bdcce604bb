private import CCurl
private import CEventLoop
internal import EventLoop

/// libcurl's set of transfers, driven by one loop; only its client touches it.
///
/// libcurl says which sockets it waits for and when it wants to be called again. Sockets of idle connections stay
/// registered with the kernel: registering them anew for each call would cost two system calls.
@safe
final class MultiHandle {
    private struct SocketState {
        var watch: Watch?
        var registered: Interest = []
        var wanted: Interest = []
        /// Whether the socket was opened here, so that its closing will be told.
        let isOwn: Bool
    }

    private let loop: Loop
    private let multi: UnsafeMutableRawPointer
    private var sockets: [Int32: SocketState] = [:]
    private var timer: LoopTimer?
    private var timerDeadline = UInt64.max
    private var wantedDeadline = UInt64.max
    private var mustCallNow = false
    private var isCalling = false
    private var isStopped = false
    /// The calls that have found their hosts' names since these were last taken.
    var foundNames: [Transfer] = []
    /// Called after libcurl was, with no callback under way.
    var afterCall: () -> Void = {}

    init?(loop: Loop, limits: OutgoingLimits) {
        guard let multi = unsafe curl_multi_init() else { return nil }
        self.loop = loop
        unsafe self.multi = multi
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe curl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, this)
        unsafe curl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, this)
        unsafe curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limits.idleConnections)
        unsafe curl_multi_set_socket(multi) { _, descriptor, what, this, _ in
            guard let this = unsafe this else { return 0 }
            unsafe Unmanaged<MultiHandle>.fromOpaque(this).takeUnretainedValue().libcurlWants(what, descriptor)
            return 0
        }
        unsafe curl_multi_set_timer(multi) { _, milliseconds, this in
            guard let this = unsafe this else { return 0 }
            unsafe Unmanaged<MultiHandle>.fromOpaque(this).takeUnretainedValue().libcurlWantsCall(in: milliseconds)
            return 0
        }
    }

    /// Without ``stop()`` the sockets are closed behind the loop's back, which only leaves their watches unused.
    deinit {
        guard !isStopped else { return }
        isStopped = true
        sockets = [:]
        unsafe curl_multi_cleanup(multi)
    }

    // MARK: Transfers

    func add(_ handle: EasyHandle) -> Bool {
        let code = unsafe curl_multi_add_handle(multi, handle.pointer)
        return code == CURLM_OK
    }

    func remove(_ handle: EasyHandle) {
        unsafe curl_multi_remove_handle(multi, handle.pointer)
        callIfWanted()
    }

    /// Lets a paused transfer go on.
    func resume(_ handle: EasyHandle) {
        unsafe curl_easy_pause(handle.pointer, CURLPAUSE_CONT)
        callIfWanted()
    }

    /// The next transfer that has ended and how.
    func nextEnded() -> (transfer: Transfer, code: UInt32)? {
        var code = CURLE_OK
        guard let easy = unsafe curl_next_done(multi, &code), let owner = unsafe curl_get_private(easy) else {
            return nil
        }
        return (unsafe Unmanaged<Transfer>.fromOpaque(owner).takeUnretainedValue(), code.rawValue)
    }

    /// Closes every connection; libcurl must not have a transfer any more.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        timer?.cancel()
        timer = nil
        afterCall = {}
        for (_, state) in sockets {
            if let watch = state.watch { loop.endWatch(watch) }
        }
        sockets = [:]
        unsafe curl_multi_cleanup(multi)
    }

    // MARK: Calling libcurl

    /// Calls libcurl as long as it wants to be called without delay.
    func callIfWanted() {
        guard !isCalling else { return }
        guard mustCallNow else { return setTimer() }
        while mustCallNow {
            mustCallNow = false
            call(curl_timeout_socket, 0)
        }
        setTimer()
        afterCall()
    }

    private func call(_ descriptor: Int32, _ events: Int32) {
        isCalling = true
        var running: Int32 = 0
        unsafe curl_multi_socket_action(multi, descriptor, events, &running)
        isCalling = false
    }

    private func ready(_ descriptor: Int32, _ readiness: Readiness) {
        guard let state = sockets[descriptor] else { return }
        var events: Int32 = 0
        let isBroken = !readiness.isDisjoint(with: [.peerClosed, .failed])
        if state.wanted.contains(.readable), readiness.contains(.readable) || isBroken { events |= CURL_CSELECT_IN }
        if state.wanted.contains(.writable), readiness.contains(.writable) || isBroken { events |= CURL_CSELECT_OUT }
        guard events != 0 else { return register(descriptor) }
        call(descriptor, events)
        while mustCallNow {
            mustCallNow = false
            call(curl_timeout_socket, 0)
        }
        setTimer()
        afterCall()
    }

    // MARK: What libcurl says

    private func libcurlWants(_ what: Int32, _ descriptor: Int32) {
        guard !isStopped else { return }
        var state = sockets[descriptor] ?? SocketState(isOwn: false)
        switch what {
        case CURL_POLL_IN: state.wanted = .readable
        case CURL_POLL_OUT: state.wanted = .writable
        case CURL_POLL_INOUT: state.wanted = [.readable, .writable]
        default: state.wanted = []
        }
        sockets[descriptor] = state
        // What is registered beyond the wish is found out, and taken back, when it happens.
        if !state.wanted.isSubset(of: state.registered) || !state.isOwn { register(descriptor) }
        if state.wanted.isEmpty, !state.isOwn { sockets[descriptor] = nil }
    }

    /// Makes the kernel watch for exactly what libcurl wants.
    private func register(_ descriptor: Int32) {
        guard var state = sockets[descriptor] else { return }
        if state.wanted.isEmpty {
            if let watch = state.watch { loop.endWatch(watch) }
            state.watch = nil
        } else if let watch = state.watch {
            loop.change(watch, to: state.wanted)
        } else {
            state.watch = try? loop.watch(descriptor, for: state.wanted) { [weak self] readiness in
                self?.ready(descriptor, readiness)
            }
        }
        state.registered = state.watch == nil ? [] : state.wanted
        sockets[descriptor] = state
    }

    func opened(_ descriptor: Int32) {
        sockets[descriptor] = SocketState(isOwn: true)
    }

    func close(_ descriptor: Int32) {
        if let watch = sockets.removeValue(forKey: descriptor)?.watch { loop.endWatch(watch, isClosed: true) }
        _ = curl_close_descriptor(descriptor)
    }

    private func libcurlWantsCall(in milliseconds: Int) {
        mustCallNow = milliseconds == 0
        wantedDeadline = milliseconds < 0 ? .max : Loop.now + UInt64(milliseconds) * 1_000_000
        if mustCallNow, !isCalling {
            // libcurl must not be called from its own callback: whoever called it does that afterwards.
            wantedDeadline = Loop.now
        }
    }

    // MARK: The timer

    /// Makes sure that the timer fires no later than libcurl wants; one that is due sooner looks again then.
    private func setTimer() {
        guard wantedDeadline < timerDeadline else { return }
        timer?.cancel()
        timerDeadline = wantedDeadline
        timer = loop.scheduleHere(at: wantedDeadline) { [weak self] in self?.timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerDeadline = .max
        guard wantedDeadline <= Loop.now else { return setTimer() }
        wantedDeadline = .max
        mustCallNow = true
        callIfWanted()
    }
}
