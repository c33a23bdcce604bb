import Engine
import Storage
import Values
import Workflows

extension RunService {
    /// Does what a delivery asks for; harmless when done twice.
    func perform(_ delivery: Delivery) async -> DeliveryOutcome {
        guard let kind = DeliveryKind(rawValue: delivery.kind) else {
            return .dead("There is no delivery of the kind \(delivery.kind).")
        }
        do {
            switch kind {
            case .child: return try await startChild(delivery)
            case .signal: return try await signalChild(delivery)
            case .callback: return await callBack(delivery)
            case .slot: return try await startSlot(delivery)
            case .slotEnd: return try await noteEnd(delivery)
            case .backfill: return try await startBackfill(delivery)
            case .follow: return try await startFollower(delivery)
            case .event: return try await fanOut(delivery)
            case .notify: return await services.notify(delivery)
            }
        } catch {
            services.log("The delivery \(delivery.id) is tried again: \(error)")
            return .later(min(.seconds(1 << min(delivery.attempts, 6)), .seconds(60)))
        }
    }

    // MARK: Children

    private func startChild(_ delivery: Delivery) async throws -> DeliveryOutcome {
        // A parent that has ended wants no children any more.
        guard let handle = try await handle(delivery.execution) else { return .done }
        let run = handle.snapshot.run
        // The outbox may be quicker than those who show what was committed.
        guard run.lastEvent >= delivery.body["seq"]?.integer ?? 0 else { return .later(.milliseconds(10)) }
        guard let order = Wanted(delivery.body, in: run) else { return .done }
        if run.cancelRequestedAt != nil {
            let end = ChildEnd(
                id: order.id,
                item: order.item,
                status: "CANCELLED",
                error: nil,
                outputs: [:],
                cost: .zero
            )
            return try await tell(handle.id, end, delivery)
        }
        // What is paused starts nothing; it is looked at again.
        if run.isPaused { return .later(.seconds(1)) }
        guard try await database.execution(order.id) == nil else { return .done }
        var facts: RunFacts
        let plan: Plan
        if let item = order.item {
            plan = run.plan
            facts = run.facts.item(item, id: order.id, budget: plan.settings.timeoutBudget, at: services.now())
        } else {
            let request = ChildRequest(
                account: run.facts.account,
                workflow: order.workflow,
                version: order.version,
                inputs: order.inputs.object ?? JSONObject(),
                lineage: (run.facts.parent?.lineage ?? []) + [run.facts.workflow]
            )
            switch try await services.child(request) {
            case .failure(let error):
                let end = ChildEnd(
                    id: order.id,
                    item: nil,
                    status: "FAILED",
                    error: error,
                    outputs: [:],
                    cost: .zero
                )
                return try await tell(handle.id, end, delivery)
            case .success(let answer):
                plan = answer.plan
                facts = run.facts.child(order, answer, lineage: request.lineage, at: services.now())
            }
        }
        facts.sandbox = run.facts.sandbox == .never ? plan.settings.sandbox : run.facts.sandbox
        _ = try await accept(
            plan,
            facts,
            graph: nil,
            trigger: order.item == nil ? "workflow" : "batch",
            key: nil,
            delivery: delivery.id
        )
        return .removed
    }

    /// The child that a delivery is about, when its parent still waits for it.
    fileprivate struct Wanted {
        let id: ExecutionID
        let item: Int?
        let address: String
        let workflow: String
        let version: String?
        let inputs: JSON

        init?(_ body: JSON, in run: Run) {
            if let item = body["item"]?.integer.map({ Int($0) }) {
                guard run.outside.batch?.open.contains(item) == true else { return nil }
                id = run.child(of: item)
                self.item = item
                (address, workflow, version, inputs) = ("", "", nil, [:])
            } else {
                guard let text = body["address"]?.string, let address = Address(text, in: run.plan),
                    let order = run.outside.children[address]
                else { return nil }
                id = order.id
                item = nil
                (self.address, workflow, version, inputs) = (text, order.workflow, order.version, order.inputs)
            }
        }
    }

    /// Tells a parent how a child ended that never began.
    private func tell(
        _ parent: ExecutionID,
        _ end: ChildEnd,
        _ delivery: Delivery
    ) async throws -> DeliveryOutcome {
        var random = services.chance
        let signal = Signal(end, at: services.now(), random: &random)
        if try await database.deliver(signal, to: parent, removing: delivery.id) { await tell(parent, signal) }
        return .removed
    }

    private func signalChild(_ delivery: Delivery) async throws -> DeliveryOutcome {
        guard let id = delivery.body["child"]?.string.flatMap(ExecutionID.init),
            let word = delivery.body["word"]?.string
        else { return .done }
        guard try await !isPosted(word, dedupe: "parent:\(delivery.id)", to: id) else { return .done }
        guard try await database.execution(id) == nil else { return .done }
        // It does not exist yet: its start is still to come, or on its way while its parent has ended meanwhile.
        guard let parent = try await handle(delivery.execution) else {
            return delivery.attempts < 10 ? .later(.milliseconds(500)) : .done
        }
        return parent.snapshot.run.waits(for: id) ? .later(.milliseconds(500)) : .done
    }

    /// Posts a signal; not when the run is terminal or unknown.
    private func isPosted(_ kind: String, dedupe: String, to id: ExecutionID) async throws(RuntimeError) -> Bool {
        do {
            try await post(kind, [:], dedupe: dedupe, to: id)
            return true
        } catch {
            guard case .finished = error else { throw error }
            return false
        }
    }

    // MARK: Callbacks

    private func callBack(_ delivery: Delivery) async -> DeliveryOutcome {
        switch await services.callback(delivery.execution, delivery.id) {
        case .taken, .unneeded: return .done
        case .refused(let reason):
            let pauses = DeliveryKind.callbackPauses
            if delivery.attempts < pauses.count { return .later(pauses[delivery.attempts]) }
            return await bury(delivery, reason)
        }
    }

    /// Keeps a callback that nobody has taken as a dead letter.
    private func bury(_ delivery: Delivery, _ reason: String) async -> DeliveryOutcome {
        do {
            guard let execution = try await database.execution(delivery.execution) else { return .dead(reason) }
            var letter = DeadLetter(
                id: DeadLetterID(high: delivery.id.high, low: delivery.id.low),
                account: execution.facts.account,
                kind: .callback,
                reason: "callback_refused",
                error: ["code": "callback_refused", "message": .string(reason)],
                attempts: Int64(delivery.attempts) + 1,
                payload: ["deliveryId": .string(delivery.id.description)],
                createdAt: services.now()
            )
            (letter.workflow, letter.execution) = (execution.facts.workflow, execution.facts.id)
            try await database.bury(letter, removing: delivery.id)
            await services.deadLetter(delivery, reason)
            return .removed
        } catch {
            return .later(.seconds(60))
        }
    }
}

extension Run {
    /// Whether a child is one whose end the run waits for.
    fileprivate func waits(for child: ExecutionID) -> Bool {
        outside.children.values.contains { $0.id == child }
            || outside.batch?.open.contains { self.child(of: $0) == child } == true
    }
}

extension RunFacts {
    /// What an item of a batch is accepted with.
    fileprivate func item(_ item: Int, id: ExecutionID, budget: Duration?, at now: Instant) -> RunFacts {
        var facts = self
        facts.execution = id
        facts.createdAt = now
        facts.iteration = nil
        facts.estimate = nil
        facts.callback = nil
        facts.link = nil
        facts.timeoutBudget = budget
        var inputs = inputs.object ?? JSONObject()
        for (node, ports) in iteration?.values(at: item) ?? [:] {
            facts.values[node, default: [:]].merge(ports) { $1 }
            for (_, value) in ports { inputs[node] = value.asJSON }
        }
        facts.inputs = .object(inputs)
        facts.parent = ParentLink(
            execution: execution,
            address: "",
            item: item,
            depth: parent?.depth ?? 0,
            lineage: parent?.lineage ?? [],
            concurrency: iteration?.concurrency ?? 0
        )
        return facts
    }

    /// What a sub-workflow is accepted with.
    fileprivate func child(
        _ order: RunService.Wanted,
        _ answer: ChildRequest.Answer,
        lineage: [WorkflowID],
        at now: Instant
    ) -> RunFacts {
        var facts = RunFacts(
            execution: order.id,
            account: account,
            workflow: answer.workflow,
            version: answer.version,
            revision: answer.revision,
            createdAt: now
        )
        facts.inputs = order.inputs
        facts.values = answer.values
        facts.variables = answer.variables
        facts.environment = environment
        facts.timeoutBudget = answer.plan.settings.timeoutBudget
        facts.failurePolicy = answer.plan.settings.failurePolicy
        facts.key = key
        facts.customer = customer
        facts.trigger = ["type": "workflow", "executionId": .string(execution.description)]
        facts.batch = batch
        facts.isTest = isTest
        facts.environment = environment
        facts.parent = ParentLink(
            execution: execution,
            address: order.address,
            item: nil,
            depth: (parent?.depth ?? 0) + 1,
            lineage: lineage,
            concurrency: 0
        )
        return facts
    }
}
