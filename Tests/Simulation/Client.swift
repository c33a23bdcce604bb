import Engine
import EventLoop
import Runtime
import Storage
import Synchronization
import Values
import Workflows

/// What a client sees of a server: it answers as long as its process lives.
struct Front: Sendable {
    let number: Int
    /// When its process was started, by the stepped clock.
    let startedAt: UInt64
    let service: RunService
    let database: Database
    let loop: Loop
    let isAlive: @Sendable () -> Bool
    /// What a look at a run shows.
    let shown: @Sendable (Run) -> Run
}

/// The address under which clients reach whatever servers there are.
final class Door: Sendable {
    private let state = Mutex<[Int: Front]>([:])
    private let ground: Ground

    init(_ ground: Ground) { self.ground = ground }

    /// One of the servers, or `nil` while there is none.
    var front: Front? {
        let fronts = state.withLock { $0 }.sorted { $0.key < $1.key }
        return fronts.isEmpty ? nil : fronts[ground.pick(0..<fronts.count)].value
    }

    /// Opens or closes the way to the server of a place.
    func set(_ front: Front?, at place: Int) { state.withLock { $0[place] = front } }
}

/// What is set once.
final class Answer<Value: Sendable>: Sendable {
    private let state = Mutex<Value?>(nil)

    var value: Value? { state.withLock { $0 } }

    func set(_ value: Value) { state.withLock { $0 = value } }
}

/// Somebody who starts a run, watches it to its end and does what it waits for.
struct Client: Sendable {
    let number: Int
    let workflow: Int
    let plans: Plans
    let door: Door
    let ground: Ground
    let faults: Faults
    let book: Book
    let loop: Loop

    /// Starts the run at some time and watches it until it has ended; one that was cancelled is wanted after all.
    func live() async {
        await pause(0..<20_000)
        guard let id = await start(in: nil) else { return }
        await follow(id, mayCancel: true)
        guard let promise = book.promise(id), promise.isCancelled else { return }
        guard promise.end == "CANCELLED" else { return book.end(nil) }
        if let id = await start(in: id) { await follow(id, mayCancel: false) }
    }

    private func follow(_ id: ExecutionID, mayCancel: Bool) async {
        while book.promise(id)?.end == nil, !Task.isCancelled, !book.isClosed {
            await pause(50..<3000)
            await watch(id, mayCancel: mayCancel)
        }
    }

    private func pause(_ milliseconds: Range<Int>) async { try? await loop.sleep(for: ground.span(milliseconds)) }

    // MARK: Starting

    /// Starts the run, or another one in the place of a former one.
    private func start(in former: ExecutionID?) async -> ExecutionID? {
        while door.front == nil, !book.isClosed { await pause(1..<50) }
        guard let front = door.front else { return nil }
        var accepted: ExecutionID?
        do {
            let id = try await former == nil ? begin(front) : retry(former, front)
            if front.isAlive() { accepted = id }
        } catch RuntimeError.full {
            // A refusal is an answer: the client tries again later.
            await pause(500..<2000)
            return await start(in: former)
        } catch {
            if front.isAlive() { book.report(.refused, "a start: \(error)") }
        }
        ground.say("client \(number): \(accepted.map { "\($0) accepted" } ?? "a start without an answer")")
        book.end(accepted.map { ($0, workflow) })
        return accepted
    }

    private func begin(_ front: Front) async throws -> ExecutionID {
        let chosen = plans.all[workflow]
        var facts = RunFacts(
            execution: front.service.newExecutionID(on: front.loop, at: ground.now),
            account: AccountID(high: 1, low: 1),
            workflow: WorkflowID(high: 1, low: UInt64(workflow)),
            version: nil,
            revision: 1,
            createdAt: ground.now
        )
        facts.batch = "\(number)"
        facts.maximumCost = chosen.order.cap
        facts.iteration = chosen.order.batch
        facts.failurePolicy = chosen.plan.settings.failurePolicy
        facts.timeoutBudget = chosen.plan.settings.timeoutBudget
        _ = try await front.service.accept(chosen.plan, facts, graph: chosen.graph, trigger: "api", key: nil)
        return facts.execution
    }

    /// Starts another run that takes over what a former one has finished.
    private func retry(_ former: ExecutionID?, _ front: Front) async throws -> ExecutionID? {
        guard let former, let finished = try await front.service.finishedRuns(of: former) else {
            if front.isAlive() { book.report(.takenBack, "the end of \(former.map(\.description) ?? "")") }
            return nil
        }
        ground.note("client: retry")
        var facts = finished.facts
        facts.execution = front.service.newExecutionID(on: front.loop, at: ground.now)
        facts.createdAt = ground.now
        facts.retryOf = former
        facts.batch = "\(number) again"
        let retry = RetryPlan(from: .failed, of: finished, plan: finished.plan, facts: facts)
        _ = try await front.service.accept(
            finished.plan,
            facts,
            graph: nil,
            trigger: "api",
            key: nil,
            reusing: retry.reused,
            redrive: Redrive(of: former, isExclusive: false)
        )
        return facts.execution
    }

    // MARK: Watching

    private func watch(_ id: ExecutionID, mayCancel: Bool) async {
        guard let front = door.front else { return }
        do {
            if front.service.knownHandle(id) == nil, try await front.database.liveRun(id)?.isParked == true {
                ground.note("a run is outside of memory")
            }
            let run = try await front.service.handle(id)?.snapshot.run
            guard front.isAlive() else { return }
            guard let run else {
                let row = try await front.database.execution(id)
                guard front.isAlive() else { return }
                guard let row else { return book.report(.lostRun, "\(id)") }
                if let view = row.result.flatMap({ try? JSON(parsing: $0) }).flatMap(RunView.init(record:)) {
                    book.see(view, fluid: plans.all[workflow].fluid, at: front, ground.clock.now)
                }
                return
            }
            book.see(front.shown(run).view, fluid: plans.all[workflow].fluid, at: front, ground.clock.now)
            try await help(run, front, mayCancel: mayCancel)
            for child in run.children where !book.isClosed {
                guard front.isAlive(), let run = try await front.service.handle(child)?.snapshot.run else { continue }
                try await help(run, front, mayCancel: false)
            }
        } catch RuntimeError.full {
            return
        } catch RuntimeError.finished {
            // What was seen may be older than the end: the server was stopped in between.
            return
        } catch {
            if front.isAlive() { book.report(.refused, "a look at a run: \(error)") }
        }
    }
}

extension Run {
    /// All node runs there are, in a fixed order.
    var nodeRuns: [(address: Address, run: NodeRun)] {
        nodes.indices.flatMap { place in
            let items = nodes[place].items.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            return (nodes[place].single.map { [(Address(node: place), $0)] } ?? [])
                + items.map { (Address(node: place, index: $0.key), $0.value) }
        }
    }

    /// The text of an address in the present round.
    func name(_ address: Address) -> String {
        Address(node: address.node, index: address.index, round: round).text(in: plan)
    }

    /// The children that have not ended, in a fixed order.
    var children: [ExecutionID] {
        outside.children.values.map(\.id).sorted() + (outside.batch?.open.sorted().map { child(of: $0) } ?? [])
    }
}
