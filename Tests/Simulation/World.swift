import Engine
import EventLoop
import Foundation
import Runtime
import Storage
import Synchronization
import TestSupport
import Values

/// A small world with one clock: servers that crash, a vendor that outlives them, clients that watch.
///
/// Everything runs on one thread in an order that chance picks; the same seed gives the same world.
package final class World {
    /// What broke a promise in a world.
    package struct Broken: Error, CustomStringConvertible {
        /// The seed of the world.
        package let seed: UInt64
        /// What happened.
        package let reports: [Report]
        package var description: String { "seed \(seed): \(reports.map(\.description).joined(separator: "\n  "))" }
    }

    package let ground: Ground
    package let vendor: SimulatedVendor
    package let plans: Plans
    package let faults: Faults
    package let book = Book()
    let bug: PlantedBug?
    private var disk: ForgetfulDisk?
    private let seed: UInt64
    private let folder: TemporaryFolder
    private let clients: SteppedLoop
    private let door: Door

    /// Where a server runs.
    private struct Place {
        let server: SimulatedServer
        /// Until when it is stopped, by the stepped clock.
        var stoppedUntil: UInt64 = 0
    }

    private var places: [Place] = []
    private var servers = 0
    /// Until when the disk is full, when it is.
    private var fullUntil: UInt64 = 0
    private var isFull = false
    /// Whether time has moved on since every promise was kept, so that the world may be done.
    private var isAtRest = false
    /// The servers that crashed: whoever still asks them something hears that nobody is there.
    private var dead: [SimulatedServer] = []
    /// Until when things go wrong, by the stepped clock; afterwards everything must come to its end.
    private let peace: UInt64
    /// The places of the workflows that are run.
    private let workflows: [Int]
    private let reference: [Int: Ending]
    private let inspection: Inspection

    /// How many runs there are.
    private static let runs = 6

    /// What every workflow comes to when nothing goes wrong.
    package static func calm(_ plans: Plans) throws -> [Int: Ending] {
        var ends: [Int: Ending] = [:]
        // What may also end otherwise, such as for want of time, is played until it does not.
        for seed: UInt64 in 0..<20 where ends.count < plans.all.count {
            let left = plans.all.indices.filter { ends[$0] == nil }
            for (place, end) in try World(seed: seed, plans: plans, faults: .calm, workflows: left).play()
            where !plans.all[place].order.otherEnds.contains(end.code ?? "") {
                ends[place] = end
            }
        }
        return ends
    }

    /// A world in which nothing has happened.
    ///
    /// - Parameters:
    ///   - seed: What all chance in it comes from.
    ///   - plans: The workflows.
    ///   - reference: What they come to when nothing goes wrong, by place.
    ///   - bug: A mistake in it.
    ///   - trace: Whether it is told step by step.
    /// - Throws: When it cannot be made.
    package convenience init(
        seed: UInt64,
        plans: Plans,
        reference: [Int: Ending],
        bug: PlantedBug? = nil,
        trace: Bool = false
    ) throws {
        try self.init(seed: seed, plans: plans, faults: bug?.faults, reference: reference, bug: bug, trace: trace)
    }

    private init(
        seed: UInt64,
        plans: Plans,
        faults: Faults?,
        workflows: [Int]? = nil,
        reference: [Int: Ending] = [:],
        bug: PlantedBug? = nil,
        trace: Bool = false
    ) throws {
        self.seed = seed
        self.plans = plans
        self.reference = reference
        ground = Ground(seed: seed, trace: trace)
        self.faults = faults ?? .some(ground)
        let choice = bug?.workflows?.compactMap(plans.place) ?? Array(plans.all.indices)
        self.workflows = workflows ?? (0..<Self.runs).map { [ground] _ in choice[ground.pick(0..<choice.count)] }
        vendor = SimulatedVendor(ground: ground)
        door = Door(ground)
        folder = try TemporaryFolder(inMemory: true)
        inspection = Inspection(path: "\(folder.path)/millrace.db")
        self.bug = bug
        disk =
            bug == .publishBeforeCommit
            ? try ForgetfulDisk(database: "\(folder.path)/millrace.db", copies: "\(folder.path)/copies") : nil
        clients = try SteppedLoop(label: "clients", clock: ground.clock)
        peace = ground.clock.now + 30_000_000_000
    }

    /// Lets everything happen, and checks what must hold at the end.
    ///
    /// - Returns: What the runs came to, by the place of their workflow.
    @discardableResult
    package func play() throws -> [Int: Ending] {
        for place in 0..<faults.servers { try start(place) }
        for number in workflows.indices { begin(number) }
        var steps = 0
        while !book.isBroken, try !isDone(steps) {
            steps += 1
            guard steps < 1_000_000, ground.clock.now < peace + 7_200_000_000_000 else {
                let jobs = try inspection.lateJobs()
                book.report(.stuck, "the world does not come to rest: \(unfinished) \(jobs), \(book.pending)")
                break
            }
            try step()
        }
        let ends = book.isBroken ? [:] : try check()
        if let stale = try inspection.staleAppends().first { book.reportFirst(.staleOwner, stale) }
        end()
        guard !book.isBroken else { throw Broken(seed: seed, reports: book.reports) }
        return ends
    }

    /// Lets everybody go home, so that nothing is left waiting.
    private func end() {
        book.close()
        for place in places.indices {
            door.set(nil, at: place)
            places[place].server.crash()
            dead.append(places[place].server)
        }
        while clients.isBusy || clients.nextDeadline != nil || dead.contains(where: { $0.run() }) {
            clients.cancelTimers()
            _ = clients.step()
        }
    }

    /// Whether every promise is kept, and every job that nobody waits for is settled.
    private func isDone(_ steps: Int) throws -> Bool {
        guard book.isQuiet, steps % 100 == 0 || isAtRest else { return false }
        isAtRest = false
        return try inspection.lateJobs().isEmpty
    }

    private var unfinished: String {
        book.promises.filter { $0.value.end == nil }.map { id, promise in
            let known = places.lazy.compactMap { $0.server.service.knownHandle(id) }.first
            let phase = known?.snapshot.run.phase ?? "not in memory (\(inspection.state(of: id)))"
            return "\(id) (\(plans.all[promise.workflow].name)) is \(phase)"
        }.joined(separator: ", ")
    }

    // MARK: Time

    private func step() throws {
        if ground.clock.now < peace { try harm() }
        if isFull, ground.clock.now >= fullUntil { fillDisk(false) }
        guard let (unit, place) = nextUnit() else { return try rest() }
        if case .executor = unit { try disk?.keep() }
        unit.step()
        if bug == .forgetTimerAfterRecovery, case .loop(let loop) = unit, let place, places[place].server.isRecovering {
            loop.forgetCalls()
        }
        ground.clock.move(to: ground.clock.now + 10_000)
    }

    /// Something that has something to do; chance picks where to look first.
    private func nextUnit() -> (unit: SimulatedServer.Unit, place: Int?)? {
        let count = places.count + 1
        let first = ground.pick(0..<count)
        for place in (first..<first + count).lazy.map({ $0 % count }) {
            guard place < places.count else {
                if clients.isBusy { return (.loop(clients), nil) }
                continue
            }
            guard places[place].stoppedUntil <= ground.clock.now else { continue }
            if let unit = places[place].server.busyUnit(from: ground.pick(0..<16)) { return (unit, place) }
        }
        return nil
    }

    /// Nobody has anything to do: time goes on to the next thing that somebody waits for.
    private func rest() throws {
        guard !dead.contains(where: { $0.run() }) else { return }
        var times = [clients.nextDeadline].compactMap { $0 } + (isFull ? [fullUntil] : [])
        for place in places {
            times += place.stoppedUntil > ground.clock.now ? [place.stoppedUntil] : place.server.deadlines
        }
        if book.isQuiet { isAtRest = true }
        guard let next = times.min() else {
            if isAtRest { return }
            return book.report(.stuck, "everything waits and nothing will happen: \(unfinished)")
        }
        ground.clock.move(to: max(next, ground.clock.now + 1000))
    }

    /// Lets something go wrong, or not.
    private func harm() throws {
        let place = faults.servers == 1 ? 0 : ground.pick(0..<faults.servers)
        if ground.chance(faults.crashes) { try crash(place) }
        if ground.chance(faults.stops) {
            ground.note("fault: stop")
            places[place].stoppedUntil = ground.clock.now + UInt64(ground.pick(1..<40)) * 1_000_000_000
            ground.say("s\(places[place].server.number) is stopped")
        }
        if ground.chance(faults.fullDisks), !isFull {
            ground.note("fault: full disk")
            fullUntil = ground.clock.now + UInt64(ground.pick(1..<20)) * 1_000_000_000
            fillDisk(true)
        }
        if ground.chance(faults.clockChanges) {
            ground.note("fault: clock change")
            ground.setWallClock(by: .seconds(ground.pick(-90..<90)))
        }
    }

    private func fillDisk(_ isFull: Bool) {
        guard self.isFull != isFull else { return }
        self.isFull = isFull
        ground.say("the disk is \(isFull ? "full" : "empty")")
        for place in places {
            let database = place.server.front.database
            Task(executorPreference: clients.loop) { try await database.holdSize(isFull) }
        }
    }

    private func start(_ place: Int) throws {
        servers += 1
        let server = try SimulatedServer(number: servers, folder: folder.path, world: self)
        try inspection.install()
        try bug?.plant(into: inspection.path)
        if places.count == place { places.append(Place(server: server)) } else { places[place] = Place(server: server) }
        door.set(server.front, at: place)
    }

    private func crash(_ place: Int) throws {
        let server = places[place].server
        ground.note("fault: crash")
        noteCrashPoints(server)
        ground.say("s\(server.number) crashes")
        door.set(nil, at: place)
        server.crash()
        dead.append(server)
        // A full disk is no property of the process, but the next one begins with space again.
        if faults.servers == 1 { isFull = false }
        try disk?.forget()
        ground.clock.move(to: ground.clock.now + UInt64(ground.pick(1..<3000)) * 1_000_000)
        try start(place)
    }

    /// Notes how far everything was when a server crashed.
    private func noteCrashPoints(_ server: SimulatedServer) {
        ground.note("killed after a commit to \(server.commits.last)")
        if server.hasCommitsWaiting { ground.note("killed with something to commit") }
        let sent = Set(vendor.accepted.map(\.attempt))
        for id in book.promises.keys {
            guard let run = server.service.knownHandle(id)?.snapshot.run, run.end == nil else { continue }
            for (address, nodeRun) in run.nodeRuns where !nodeRun.state.isTerminal {
                switch nodeRun.openAttempt?.state {
                case .intended:
                    let attempt = "\(id) \(run.name(address)) \(nodeRun.openAttempt?.number ?? 0)"
                    ground.note("killed: intended, \(sent.contains(attempt) ? "and the vendor has it" : "not sent")")
                case .submitted: ground.note("killed: submitted")
                case .ready: ground.note("killed: ready")
                default:
                    if case .waiting(let reason, _) = nodeRun.state {
                        ground.note("killed: waiting for \(reason.rawValue)")
                    }
                }
            }
        }
    }

    /// What is made of each statement: the database's clock is the world's.
    var rewrite: @Sendable (String) -> String {
        let (ground, bug) = (ground, bug)
        let known = Mutex<[String: [String]]>([:])
        return { sql in
            let parts = known.withLock { known in
                if let parts = known[sql] { return parts }
                let parts = (bug?.rewrite(sql) ?? sql).components(separatedBy: Dialect.sqlite.now)
                known[sql] = parts
                return parts
            }
            return parts.count == 1
                ? parts[0] : parts.joined(separator: "\(1_700_000_000_000_000 + ground.clock.now / 1000)")
        }
    }

    /// What a vendor does to tell whatever server there is that a job is done, some time after it has taken it.
    var callBack: @Sendable (SimulatedVendor.Job) -> Void {
        let (ground, door, book, loop, bug) = (ground, door, book, clients.loop, bug)
        return { job in
            let parts = job.attempt.split(separator: " ").map(String.init)
            guard parts.count == 3, let id = ExecutionID(parts[0]), let attempt = Int(parts[2]) else { return }
            let message = Services.CallbackMessage(headers: [:], body: Array(job.id.utf8))
            let isEarly = ground.chance(0.3)
            Task(executorPreference: loop) {
                if !isEarly { try? await loop.sleep(for: ground.span(100..<4000)) }
                for _ in 0..<200 {
                    guard !book.isClosed else { return }
                    if let front = door.front {
                        if bug == .dropEarlyCallback, isEarly { return book.tell(job.attempt, at: ground.clock.now) }
                        let answer = try? await front.service.callBack(message, id, parts[1], attempt)
                        if let answer, front.isAlive() {
                            if answer.counts { book.tell(job.attempt, at: ground.clock.now) }
                            return
                        }
                    }
                    try? await loop.sleep(for: ground.span(100..<1500))
                }
            }
        }
    }

    // MARK: Clients

    private func begin(_ number: Int) {
        let client = Client(
            number: number,
            workflow: workflows[number],
            plans: plans,
            door: door,
            ground: ground,
            faults: faults,
            book: book,
            loop: clients.loop
        )
        book.begin()
        Task(executorPreference: clients.loop) { await client.live() }
    }

    /// What must hold when everything has ended.
    private func check() throws -> [Int: Ending] {
        var ends: [Int: Ending] = [:]
        guard let front = door.front else { return ends }
        var audit = Audit(vendor: vendor, book: book, plans: plans, ground: ground, reference: reference)
        let known = try inspection.executions()
        for id in Set(book.promises.keys).subtracting(known).sorted() { book.report(.lostRun, "\(id)") }
        for id in known {
            let result = Answer<(ExecutionRow?, [JournalEntry])>()
            Task(executorPreference: clients.loop) {
                let row = try await front.database.execution(id)
                result.set((row, try await front.database.journal(of: id, after: 0, limit: 100_000)))
            }
            while result.value == nil { try step() }
            guard let (row, entries) = result.value, let row else { continue }
            let promise = book.promise(id)
            let name = promise.map { plans.all[$0.workflow].name } ?? "a child or unanswered"
            do {
                let ending = try audit.check(row, entries, promise)
                if let promise, let ending { ends[promise.workflow] = ending }
            } catch let report as Report {
                book.report(report.complaint, "\(id) (\(name)): \(report.text)")
            } catch {
                book.report(.wrongJournal, "\(id) (\(name)): \(error)")
            }
        }
        audit.checkVendor()
        if let job = try inspection.openJobs().first { book.report(.forgottenJob, job) }
        return ends
    }
}
