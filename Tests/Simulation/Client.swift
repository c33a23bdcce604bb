import Catalog
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
    let service: RunService
    let database: Database
    let loop: Loop
    let isAlive: @Sendable () -> Bool
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

/// Somebody who starts a run, watches it to its end and answers its questions.
struct Client: Sendable {
    let number: Int
    let workflow: Int
    let plans: Plans
    let door: Door
    let ground: Ground
    let book: Book
    let loop: Loop

    /// Starts the run at some time and watches it until it has ended.
    func live() async {
        await pause(0..<20_000)
        guard let id = await start() else { return }
        while book.promises[id]?.end == nil, !Task.isCancelled, !book.isClosed {
            await pause(50..<3000)
            await watch(id)
        }
    }

    private func pause(_ milliseconds: Range<Int>) async { try? await loop.sleep(for: ground.span(milliseconds)) }

    private func start() async -> ExecutionID? {
        while door.front == nil, !book.isClosed { await pause(1..<50) }
        guard let front = door.front else { return nil }
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
        let isAccepted: Bool
        do {
            _ = try await front.service.accept(chosen.plan, facts, graph: chosen.graph, trigger: "api", key: nil)
            isAccepted = front.isAlive()
        } catch RuntimeError.full {
            // A refusal is an answer: the client tries again later.
            await pause(500..<2000)
            return await start()
        } catch {
            isAccepted = false
            if front.isAlive() { book.report(.refused, "a start: \(error)") }
        }
        ground.say("client \(number): \(facts.execution) \(isAccepted ? "accepted" : "without an answer")")
        book.end(isAccepted ? (facts.execution, workflow) : nil)
        return isAccepted ? facts.execution : nil
    }

    private func watch(_ id: ExecutionID) async {
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
                    book.see(view, at: front.number, ground.clock.now)
                }
                return
            }
            book.see(run.view, at: front.number, ground.clock.now)
            for (address, nodeRun) in run.nodeRuns {
                guard case .waiting(.unknownOutcome, _) = nodeRun.state else { continue }
                let attempt = "\(address.text(in: run.plan)) \(nodeRun.attempts.count)"
                let type = run.plan.nodes[address.node].type.id
                book.expectQuestion(about: "\(id) \(attempt)", of: type, at: ground.clock.now)
                book.expectTaken(attempt, of: id, at: ground.clock.now)
                if !book.isAcknowledged(attempt, of: id), ground.chance(0.3) {
                    await answer(front, id, address.text(in: run.plan), attempt)
                }
            }
        } catch RuntimeError.full {
            return
        } catch {
            if front.isAlive() { book.report(.refused, "a look at a run: \(error)") }
        }
    }

    private func answer(_ front: Front, _ id: ExecutionID, _ address: String, _ attempt: String) async {
        book.permit("\(id) \(attempt)")
        ground.say("client \(number): \(address) may be bought again")
        do {
            try await front.service.post(
                "answer",
                ["address": .string(address), "answer": "retry"],
                dedupe: "answer \(attempt)",
                to: id
            )
            if front.isAlive() { book.acknowledge(attempt, of: id, at: ground.clock.now) }
        } catch RuntimeError.full {
            return
        } catch RuntimeError.finished {
            // What was seen may be older than the end: the server was stopped in between.
            return
        } catch {
            if front.isAlive() { book.report(.refused, "an answer: \(error)") }
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
}
