import Catalog
import Engine
import EventLoop
import Runtime
import Storage
import Values
import Workflows

/// What people do with a run that they look at.
extension Client {
    /// The data that nodes wait for: always the same, so that every run comes to the same.
    private static let data: JSON = ["answer": 42]
    /// What a run may cost after somebody has given more.
    static let raisedCap = Money(nano: 250_000_000)

    func help(_ run: Run, _ front: Front, mayCancel: Bool) async throws {
        guard run.end == nil else { return }
        expectReason(run)
        for (address, nodeRun) in run.nodeRuns {
            guard case .waiting(let reason, _) = nodeRun.state else { continue }
            switch reason {
            case .unknownOutcome: try await answer(run, address, nodeRun, front)
            case .budget:
                let cap: JSON = ["nano": .int(Self.raisedCap.nano)]
                try await front.service.post("cap", cap, dedupe: "cap", to: run.facts.execution)
            default: continue
            }
        }
        // Data may come before its node waits for it.
        for place in run.plan.nodes.indices where plans.all[workflow].order.isSentData {
            let address = Address(node: place)
            guard run.takesData(address) else { continue }
            try await send("data", ["address": .string(run.name(address)), "data": Self.data], run, address, front)
        }
        for (_, request) in run.outside.approvals.sorted(by: { $0.value.id < $1.value.id }) {
            try await decide(request.id, run, front)
        }
        if run.isPaused {
            if ground.chance(0.5) { try await tell("resume", run, front) }
        } else if ground.chance(faults.pauses) {
            ground.note("client: pause")
            try await tell("pause", run, front)
        }
        if mayCancel { try await cancel(run, front) }
    }

    /// Whoever looks at a run that does not work on anything must see why.
    private func expectReason(_ run: Run) {
        let view = run.view
        switch view.phase {
        case "queued", "waiting":
            if view.waiting == nil {
                book.report(.noReason, "\(run.facts.execution) is \(view.phase): \(states(view))")
            }
        case "running":
            if run.running == 0, run.outside.openChildren == 0, view.nodes.allSatisfy({ $0.wait == nil }) {
                book.report(.noReason, "\(run.facts.execution) is running and nothing runs: \(states(view))")
            }
        default: return
        }
    }

    private func states(_ view: RunView) -> String {
        view.nodes.map { "\($0.id) \($0.status)" }.joined(separator: ", ")
    }

    private func tell(_ word: String, _ run: Run, _ front: Front) async throws {
        ground.say("client \(number): \(word) \(run.facts.execution)")
        try await front.service.post(word, [:], dedupe: "\(word) \(ground.number())", to: run.facts.execution)
    }

    /// Sends what a node run waits for, once.
    private func send(
        _ kind: String,
        _ body: JSON,
        _ run: Run,
        _ address: Address,
        _ front: Front
    ) async throws {
        let name = "\(kind) for \(run.facts.execution) \(run.name(address))"
        book.expectTaken(name, at: ground.clock.now)
        guard !book.isAcknowledged(name), ground.chance(0.4) else { return }
        try await front.service.post(kind, body, dedupe: "\(kind) \(run.name(address))", to: run.facts.execution)
        if front.isAlive() { book.acknowledge(name, at: ground.clock.now) }
    }

    /// Says that a call of unknown outcome may be made again.
    private func answer(_ run: Run, _ address: Address, _ nodeRun: NodeRun, _ front: Front) async throws {
        let number = nodeRun.attempts.last?.number ?? 0
        let attempt = "\(run.facts.execution) \(run.name(address)) \(number)"
        book.expectQuestion(about: attempt, of: run.plan.nodes[address.node].type.id, at: ground.clock.now)
        book.expectTaken("the answer about \(attempt)", at: ground.clock.now)
        guard !book.isAcknowledged("the answer about \(attempt)"), ground.chance(0.3) else { return }
        book.permit(attempt)
        ground.say("client \(self.number): \(attempt) may be bought again")
        try await front.service.post(
            "answer",
            ["address": .string(run.name(address)), "answer": "retry"],
            dedupe: "answer \(run.name(address)) \(number)",
            to: run.facts.execution
        )
        if front.isAlive() { book.acknowledge("the answer about \(attempt)", at: ground.clock.now) }
    }

    private func decide(_ id: ApprovalID, _ run: Run, _ front: Front) async throws {
        let name = "the decision about \(id) of \(run.facts.execution)"
        book.expectTaken(name, at: ground.clock.now)
        guard !book.isAcknowledged(name), ground.chance(0.4), let row = try await front.database.approval(id) else {
            return
        }
        let decision = ApprovalDecision(isApproved: true, by: "somebody", comment: nil, data: nil, at: ground.now)
        let result = try await front.service.decide(row, decision)
        guard front.isAlive() else { return }
        switch result {
        case .stored: book.acknowledge(name, at: ground.clock.now)
        // An earlier decision was stored without an answer.
        case .late(let row) where row.status == "approved": book.acknowledge(name, at: ground.clock.now)
        // The run was cancelled after it was seen.
        case .late(let row) where row.status == "expired" && isCancelled(run): return
        case .late(let row): book.report(.refused, "\(name): it is \(row.status)")
        case .unknown: book.report(.refused, "\(name): it is unknown")
        }
    }

    private func isCancelled(_ run: Run) -> Bool {
        let ids = [run.facts.execution, run.facts.parent?.execution].compactMap(\.self)
        return ids.contains { book.promise($0)?.isCancelled == true }
    }

    private func cancel(_ run: Run, _ front: Front) async throws {
        let id = run.facts.execution
        book.expectTaken("the cancel of \(id)", at: run.cancelRequestedAt == nil ? ground.clock.now : 0)
        guard let promise = book.promise(id), !promise.isCancelled, ground.chance(faults.cancels) else { return }
        book.cancel(id)
        ground.note("client: cancel")
        ground.say("client \(number): cancel \(id)")
        try await front.service.post("cancel", ["reason": "no more"], dedupe: "cancel", to: id)
        if front.isAlive() { book.acknowledge("the cancel of \(id)", at: ground.clock.now) }
    }
}
