import EventLoop
import Storage
import Values

/// Does what stands in the outbox when it is due, earliest first, so many at a time.
///
/// What a crash interrupts is done again: each kind is harmless when done twice (see ``DeliveryKind``).
actor Outbox {
    /// The most deliveries under way.
    static let parallel = 64
    /// How long a delivery is left to whoever has begun it.
    static let claim = Duration.seconds(120)

    private let lane: DeliveryLane
    private let loop: Loop
    private let database: Database
    private let services: Services
    private let perform: @Sendable (Delivery) async -> DeliveryOutcome
    private var active: [DeliveryID: Task<Void, Never>] = [:]
    private var isPumping = false
    private var isAsked = false
    private var isStopping = false
    private var timer: LoopTimer?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(
        _ lane: DeliveryLane,
        loop: Loop,
        database: Database,
        services: Services,
        perform: @escaping @Sendable (Delivery) async -> DeliveryOutcome
    ) {
        self.lane = lane
        self.loop = loop
        self.database = database
        self.services = services
        self.perform = perform
    }

    /// Looks for what is due.
    func look() {
        isAsked = true
        guard !isPumping, !isStopping else { return }
        isPumping = true
        Task(executorPreference: loop) { await self.pump() }
    }

    /// Gives up what is under way; the next start does it again.
    func stop() {
        isStopping = true
        timer?.cancel()
        for task in active.values { task.cancel() }
    }

    private func pump() async {
        while isAsked, !isStopping, active.count < Self.parallel {
            isAsked = false
            let now = services.now()
            let free = Self.parallel - active.count
            do {
                let due = try await database.claimDeliveries(lane, at: now, until: now + Self.claim, limit: free)
                for delivery in due { begin(delivery) }
                if due.count == free { isAsked = true }
            } catch {
                services.log("The outbox cannot be read: \(error)")
                wake(at: now + .seconds(5))
                isPumping = false
                return
            }
        }
        isPumping = false
        await setTimer()
    }

    private func begin(_ delivery: Delivery) {
        active[delivery.id] = Task(executorPreference: loop) {
            let outcome = await self.perform(delivery)
            await self.finish(delivery, outcome)
        }
    }

    private func finish(_ delivery: Delivery, _ outcome: DeliveryOutcome) async {
        if !isStopping {
            do throws(StorageError) {
                switch outcome {
                case .removed: break
                case .done: try await database.remove(delivery.id)
                case .later(let pause):
                    try await database.postpone(
                        delivery.id,
                        until: services.now() + pause,
                        attempts: delivery.attempts + 1
                    )
                case .dead(let reason):
                    await services.deadLetter(delivery, reason)
                    try await database.remove(delivery.id)
                }
            } catch {
                services.log("The delivery \(delivery.id) is done again: \(error)")
            }
        }
        active[delivery.id] = nil
        look()
    }

    /// Looks when the next delivery is due.
    func setTimer() async {
        guard !isStopping, let next = try? await database.nextDelivery(lane) else { return }
        wake(at: next)
    }

    private func wake(at time: Instant) {
        timer?.cancel()
        let delay = max(.milliseconds(10), time - services.now())
        timer = loop.schedule(after: min(delay, .seconds(3600))) { [weak self] in
            guard let self else { return }
            Task(executorPreference: self.loop) { await self.look() }
        }
    }
}
