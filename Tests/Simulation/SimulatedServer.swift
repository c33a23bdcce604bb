import Admission
import Catalog
import Engine
import EventLoop
package import Runtime
package import Storage
import Synchronization
import Values
import Workflows

/// One server process of a world: the real runtime over the real store, on loops that are stepped by hand.
package final class SimulatedServer {
    /// Its number in the world; a server that comes after a crash has a new one.
    package let number: Int
    package let database: Database
    package let service: RunService
    private let loops: [SteppedLoop]
    private let executors: [BlockingExecutor]
    private let alive = Life()
    private let startedAt: UInt64
    private let planted: PlantedServices
    private let ground: Ground
    /// What its last transactions have written.
    let commits = CommitLog()
    private let work: Task<Void, Never>

    /// Whether the process still lives; what is dead reaches nobody any more.
    package var isAlive: Bool { alive.isSet }

    /// When the next of its timers is due.
    var deadlines: [UInt64] { loops.compactMap(\.nextDeadline) }

    /// Whether it has taken up runs of the one before it and is not done with that.
    var isRecovering: Bool { number > 1 && service.isRecovering }

    /// What others see of it.
    var front: Front {
        let alive = alive
        return Front(
            number: number,
            startedAt: startedAt,
            service: service,
            database: database,
            loop: loops[0].loop,
            isAlive: { alive.isSet },
            shown: { [planted, ground] in planted.shown($0, at: ground.now) }
        )
    }

    /// Whether a process lives.
    final class Life: Sendable {
        private let state = Mutex(true)
        var isSet: Bool { state.withLock { $0 } }
        func end() { state.withLock { $0 = false } }
    }

    init(number: Int, folder: String, world: World) throws {
        self.number = number
        ground = world.ground
        startedAt = ground.clock.now
        planted = PlantedServices(world.bug)
        let ground = ground
        let alive = alive
        let book = world.book
        loops = try (0..<2).map { try SteppedLoop(label: "s\(number).\($0)", clock: ground.clock) }
        var made: [BlockingExecutor] = []
        var machine = Machine()
        machine.hasOthers = world.faults.servers > 1
        machine.worker = WorkerID(high: 7, low: UInt64(number))
        machine.rewrite = { [commits, rewrite = world.rewrite] sql in
            commits.note(sql)
            return rewrite(sql)
        }
        machine.executor = { label throws(EventLoopError) in
            let executor = try BlockingExecutor(label: label)
            made.append(executor)
            return executor
        }
        database = try Database.open(
            folder: folder,
            on: machine,
            onBroken: { error in if alive.isSet { book.report(.refused, "a commit: \(error)") } }
        )
        executors = made
        let line = VendorLine(
            vendor: world.vendor,
            ground: ground,
            faults: world.faults,
            book: world.book,
            isConnected: { alive.isSet },
            callBack: world.callBack
        )
        let plans = world.plans
        var services = Services(
            quote: { request, now, _ in .success(Self.quote(request, now)) },
            lane: { _, _ in Self.lane },
            perform: { call, milestone in await line.perform(call, milestone) },
            plan: { hash in try plans.plan(hash) },
            now: { ground.now },
            settle: { call in try await line.settle(call) },
            read: { message, _ in
                let id = String(decoding: message.body, as: UTF8.self)
                return (VendorCallback(keep: ["jobId": .string(id)], phase: "succeeded", body: nil), answer: [:])
            },
            log: { text in ground.say("s\(number) log: \(text)") }
        )
        services.chance = Chance { ground.number() }
        services.child = { request in plans.child(request) }
        planted.plant(into: &services)
        service = RunService(database: database, loops: loops.map(\.loop), services: services)
        let service = service
        work = Task(executorPreference: loops[0].loop) {
            do {
                try await service.recover()
            } catch {
                if alive.isSet { book.report(.refused, "recovery: \(error)") }
            }
            await service.keepUp()
        }
    }

    /// Whether something waits for its turn to be written.
    var hasCommitsWaiting: Bool { executors.first?.hasJobs ?? false }

    /// Something of it that has something to do without time passing, looked for from a place on.
    func busyUnit(from first: Int) -> Unit? {
        let count = loops.count + executors.count
        for place in (first..<first + count).lazy.map({ $0 % count }) {
            if place < loops.count {
                if loops[place].isBusy { return .loop(loops[place]) }
            } else if executors[place - loops.count].hasJobs {
                return .executor(executors[place - loops.count])
            }
        }
        return nil
    }

    private static let lane: Lane = {
        var rule = LimitRule(key: "vendor")
        rule.places = 6
        rule.isOurs = true
        return Lane(id: "vendor", limits: [rule])
    }()

    private static func quote(_ request: Services.Request, _ now: Instant) -> Services.Quote {
        var grant = Grant(
            offer: request.type.offers[request.offer].id,
            provider: "vendor",
            model: nil,
            manifest: nil,
            upper: Audit.upper,
            deadline: now + .seconds(600),
            isSandbox: false
        )
        if request.type.id == "llm:key" { grant.effect = .keyed }
        return Services.Quote(grant: grant, lane: lane)
    }

    /// Something that can be stepped.
    enum Unit {
        case loop(SteppedLoop)
        case executor(BlockingExecutor)

        func step() {
            switch self {
            case .loop(let loop): _ = loop.step()
            case .executor(let executor): _ = executor.runNextHere()
            }
        }
    }

    /// Ends the process at once: what is not on the disk is lost, and nobody hears from it again.
    func crash() {
        alive.end()
        work.cancel()
        let database = database
        let service = service
        Task(executorPreference: loops[0].loop) {
            await database.abandon()
            await service.stop()
        }
        run()
    }

    /// Lets what is left of a dead process run to its end without reaching anybody, so that its memory comes back.
    ///
    /// - Returns: Whether anything was left.
    @discardableResult
    func run() -> Bool {
        var steps = 0
        while let unit = busyUnit(from: 0), steps < 100_000 {
            unit.step()
            steps += 1
            if busyUnit(from: 0) == nil { for loop in loops { loop.cancelTimers() } }
        }
        return steps > 0
    }
}
