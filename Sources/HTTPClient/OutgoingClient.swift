public import EventLoop
internal import HTTPValues
private import CCurl

/// Makes calls over HTTP/1.1 and HTTP/2 on one loop, with libcurl.
///
/// Every call passes the guard: only addresses of the public Internet and listed targets are reached, whatever a name
/// resolves to. Nothing is taken from the environment: no proxy, no cookies, no passwords. Redirects are not followed
/// unless the caller asks for it. Connections are kept and used again.
///
/// Calls beyond ``OutgoingLimits/requests`` wait their turn; beyond ``OutgoingLimits/waitingRequests`` they fail.
public actor OutgoingClient {
    /// The loop on which the client lives; tasks that prefer it call without leaving their thread.
    public nonisolated let loop: Loop
    let limits: OutgoingLimits
    let pool: BlockingPool
    private let addressGuard: AddressGuard
    private let multi: MultiHandle
    private var transfers: [UInt64: Transfer] = [:]
    /// The calls whose bodies are being read by their callers, until these let go.
    private var streams: [UInt64: Transfer] = [:]
    private var waiting: [Transfer] = []
    private var running = 0
    private var idleHandles: [EasyHandle] = []
    private var count: UInt64 = 0
    private var names = NameGate()
    private var isClosed = false
    private var isEnding = false
    /// Whether libcurl's news are brought here; an initializer cannot see to that.
    private var isConnected = false

    /// The loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - loop: Where it lives; must be started, and stopped only after ``close()``.
    ///   - pool: Where files are read and written.
    ///   - addressGuard: What may be reached.
    ///   - limits: How much is done at once.
    /// - Throws: ``HTTPClientError/unavailable(_:)`` when libcurl does not work.
    public init(
        loop: Loop,
        pool: BlockingPool,
        addressGuard: AddressGuard,
        limits: OutgoingLimits = OutgoingLimits()
    ) throws(HTTPClientError) {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK,
            let multi = MultiHandle(loop: loop, limits: limits)
        else { throw .unavailable("libcurl cannot be set up.") }
        self.loop = loop
        self.pool = pool
        self.addressGuard = addressGuard
        self.limits = limits
        self.multi = multi
    }

    /// The number of calls under way and of those that wait their turn.
    public var load: (running: Int, waiting: Int) { (running, waiting.count) }

    /// Ends every call and every connection; later calls fail.
    public func close() {
        isClosed = true
        for transfer in Array(transfers.values) { end(transfer, .cancelled(sentBytes: transfer.hasSentBytes)) }
        idleHandles = []
        multi.stop()
    }

    // MARK: The life of a call

    func start(_ request: OutgoingRequest, _ delivery: Transfer.Delivery) throws(HTTPClientError) -> Transfer {
        guard !isClosed else { throw .unavailable("The client is closed.") }
        count += 1
        let mayBePrivate = addressGuard.isListed(request.url)
        if !mayBePrivate, let ip = request.url.ip, case .refused(let kind) = AddressGuard.verdict(on: ip) {
            throw .refusedAddress(host: request.url.host, ip, kind: kind)
        }
        let transfer = Transfer(
            number: count,
            request: request,
            delivery: delivery,
            mayBePrivate: mayBePrivate,
            multi: multi,
            maximumHeadBytes: limits.headBytes
        )
        if running < limits.requests {
            transfers[transfer.number] = transfer
            run(transfer)
        } else {
            guard waiting.count < limits.waitingRequests else {
                throw .tooManyRequests(limit: limits.waitingRequests)
            }
            transfers[transfer.number] = transfer
            waiting.append(transfer)
        }
        return transfer
    }

    private func run(_ transfer: Transfer) {
        running += 1
        transfer.phase = .running
        if names.admits(transfer, now: Loop.now) { begin(transfer) }
    }

    private func begin(_ transfer: Transfer) {
        guard let handle = idleHandles.popLast() ?? EasyHandle() else {
            return end(transfer, .unavailable("libcurl has no memory for another call."))
        }
        transfer.handle = handle
        RequestOptions.apply(transfer, limits: limits, to: handle)
        Callbacks.install(on: handle, transfer, multi)
        if !isConnected {
            isConnected = true
            multi.afterCall = { [unowned self] in endFinished() }
        }
        setDeadlines(transfer)
        guard multi.add(handle) else { return end(transfer, .unavailable("libcurl refuses the call.")) }
        multi.callIfWanted()
    }

    /// Begins the calls whose hosts' names are known by now.
    private func beginNamed() {
        while let transfer = multi.foundNames.popLast() {
            for waiting in names.found(transfer, now: Loop.now) { begin(waiting) }
        }
    }

    private func endFinished() {
        // Ending one call may let libcurl end others; they are found by the loop that is running.
        guard !isEnding else { return }
        isEnding = true
        beginNamed()
        while let (transfer, code) = multi.nextEnded() {
            end(transfer, transfer.error(for: code))
            beginNamed()
        }
        isEnding = false
    }

    /// Ends a call, gives its handle back and lets the next one begin.
    func end(_ transfer: Transfer, _ error: HTTPClientError?) {
        guard !transfer.hasEnded else { return }
        let wasRunning = if case .running = transfer.phase { true } else { false }
        transfer.collectFacts()
        transfer.phase = .ended(error)
        transfer.timer?.cancel()
        transfer.timer = nil
        transfers[transfer.number] = nil
        names.remove(transfer)
        let waitingForName = names.release(transfer)
        if let handle = transfer.handle {
            transfer.handle = nil
            multi.remove(handle)
            if idleHandles.count < 64 { idleHandles.append(handle) }
        }
        transfer.wake()
        for waiting in waitingForName { decide(waiting, after: error) }
        if wasRunning {
            running -= 1
            startWaiting()
        } else {
            waiting.removeAll { $0 === transfer }
        }
    }

    /// What becomes of a call when the one that looked its host's name up has ended without finding it.
    private func decide(_ transfer: Transfer, after error: HTTPClientError?) {
        if case .couldNotConnect? = error { return end(transfer, error) }
        if names.admits(transfer, now: Loop.now) { begin(transfer) }
    }

    private func startWaiting() {
        while running < limits.requests, !waiting.isEmpty { run(waiting.removeFirst()) }
    }

    /// Ends the call of a task that was cancelled.
    func cancel(_ number: UInt64) {
        guard let transfer = transfers[number] else { return }
        end(transfer, .cancelled(sentBytes: transfer.hasSentBytes))
    }

    /// Keeps a call for its reader.
    func lend(_ transfer: Transfer) -> StreamLease {
        streams[transfer.number] = transfer
        return StreamLease(client: self, number: transfer.number)
    }

    /// Ends the call of a reader that lets go of it.
    func release(_ number: UInt64) {
        guard let transfer = streams.removeValue(forKey: number) else { return }
        end(transfer, .cancelled(sentBytes: true))
    }

    /// The next bytes of a lent call; `nil` at the end.
    func nextPiece(of number: UInt64) async throws(HTTPClientError) -> [UInt8]? {
        guard let transfer = streams[number] else { return nil }
        return try await nextPiece(of: transfer)
    }

    func resume(_ transfer: Transfer) {
        guard let handle = transfer.handle else { return }
        multi.resume(handle)
    }

    /// Suspends the calling task until something has changed about the transfer.
    func change(of transfer: Transfer) async {
        let number = transfer.number
        await withTaskCancellationHandler {
            await suspend(transfer)
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.cancel(number) } }
        }
    }

    /// A method of its own because a closure is only isolated to the actor when it captures it.
    private func suspend(_ transfer: Transfer) async {
        await withCheckedContinuation { transfer.wait($0) }
    }

    // MARK: Time limits that libcurl does not know

    private func setDeadlines(_ transfer: Transfer) {
        let now = Loop.now
        if let time = transfer.request.firstByteTime { transfer.headDeadline = now &+ time.wholeNanoseconds }
        if let rate = transfer.request.minimumRate { transfer.rateDeadline = now &+ rate.period.wholeNanoseconds }
        setTimer(transfer)
    }

    private func setTimer(_ transfer: Transfer) {
        let deadline = min(transfer.headDeadline, transfer.rateDeadline)
        guard deadline < .max else { return }
        transfer.timer = loop.scheduleHere(at: deadline) { [unowned self, number = transfer.number] in
            deadlinePassed(of: number)
        }
    }

    private func deadlinePassed(of number: UInt64) {
        guard let transfer = transfers[number] else { return }
        let now = Loop.now
        if transfer.headDeadline <= now {
            return end(transfer, .timedOut(sentBytes: transfer.hasSentBytes))
        }
        if transfer.rateDeadline <= now, let rate = transfer.request.minimumRate {
            let moved = transfer.bytesMoved
            // Before the head it is the other side's turn, and a paused transfer waits for this side.
            let isMoving = transfer.head.isComplete ? !transfer.isPausedForReader : !transfer.hasSentBody
            if isMoving, transfer.wasMoving, !transfer.isPausedForFile, moved - transfer.bytesAtPeriodStart < rate.bytes
            {
                return end(transfer, .timedOut(sentBytes: transfer.hasSentBytes))
            }
            transfer.wasMoving = isMoving
            transfer.bytesAtPeriodStart = moved
            transfer.rateDeadline = now &+ rate.period.wholeNanoseconds
        }
        setTimer(transfer)
    }
}
