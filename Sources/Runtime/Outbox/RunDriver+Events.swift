import Engine
import Storage
import Values
import Workflows

extension RunDriver {
    /// What subscribers are told about events; about runs that other runs have started, nothing.
    static func outgoing(_ events: [Event], of run: Run, random: inout some RandomNumberGenerator) -> [OutgoingEvent] {
        guard run.facts.parent == nil else { return [] }
        var outgoing: [OutgoingEvent] = []
        func add(_ type: String, _ data: JSON, at: Instant) {
            outgoing.append(
                OutgoingEvent(
                    id: OutgoingEventID(at: at, random: &random),
                    account: run.facts.account,
                    workflow: run.facts.workflow,
                    execution: run.facts.execution,
                    type: type,
                    at: at,
                    data: data
                )
            )
        }
        func waiting(_ address: Address, _ reason: WaitReason, since: Instant, until: Instant?) {
            var data = run.names(address)
            data["reason"] = .string(reason.rawValue)
            data["action"] = reason.action.map(JSON.string) ?? .null
            data["since"] = .string(since.description)
            data["until"] = until.map { .string($0.description) } ?? .null
            add("execution.waiting", .object(data), at: since)
        }
        for event in events {
            switch event {
            case .ended(let end): add("execution.\(end.phase.status.lowercased())", .null, at: end.at)
            case .waiting(let address, let reason, _, let since, let until)
            where reason.action != nil && reason != .approval:
                waiting(address, reason, since: since, until: until)
            case .attemptFailed(let address, _, _, _, .ask, let at):
                waiting(address, .unknownOutcome, since: at, until: nil)
            case .outside(.asked(let address, let request, let at)):
                var data = run.names(address)
                data["approvalId"] = .string(request.id.description)
                data["title"] = .string(request.title)
                data["expiresAt"] = request.expiresAt.map { .string($0.description) } ?? .null
                add("approval.requested", .object(data), at: at)
            default: continue
            }
        }
        return outgoing
    }

    /// What follows the end of a run: its schedule goes on, and other workflows are started.
    static func followers(_ end: RunEnd, of run: Run) -> [(kind: DeliveryKind, body: JSON)] {
        var followers: [(kind: DeliveryKind, body: JSON)] = []
        let facts = run.facts
        if let link = facts.link, let schedule = link.schedule {
            var body: JSONObject = [
                "schedule": .string(schedule.description), "status": .string(end.phase.status),
            ]
            if let backfill = link.backfill { body["backfill"] = .string(backfill.description) }
            followers.append((.slotEnd, .object(body)))
        }
        guard facts.parent == nil else { return followers }
        let lineage = (facts.link?.lineage ?? []) + [facts.workflow]
        func follow(_ workflow: WorkflowID?, _ word: String) {
            // Whoever led to this run is not started by its end; an error while an error is handled is only kept.
            guard let workflow, !lineage.contains(workflow), lineage.count < Self.longestLineage else { return }
            var data: JSONObject = [
                "type": .string("execution.\(end.phase.status.lowercased())"),
                "executionId": .string(facts.execution.description), "workflowId": .string(facts.workflow.description),
                "startTime": .string(facts.createdAt.description), "endTime": .string(end.at.description),
                "inputs": facts.inputs,
            ]
            if let error = end.error {
                data["error"] = .string(error.message)
                data["errorCode"] = .string(error.code)
                data["failedNodeId"] = end.failedNode.map(JSON.string) ?? .null
            }
            let body: JSON = [
                "workflow": .string(workflow.description), "word": .string(word),
                "lineage": .array(lineage.map { .string($0.description) }), "data": .object(data),
            ]
            followers.append((.follow, body))
        }
        switch end.phase.status {
        case "FAILED" where facts.trigger["type"]?.string != "error": follow(run.plan.settings.errorWorkflow, "error")
        case "COMPLETED": follow(run.plan.settings.completionWorkflow, "workflow")
        default: break
        }
        return followers
    }

    /// The most workflows that start each other by their ends.
    private static var longestLineage: Int { 10 }
}

extension Run {
    fileprivate func names(_ address: Address) -> JSONObject {
        [
            "executionId": .string(facts.execution.description), "workflowId": .string(facts.workflow.description),
            "nodeId": .string(plan.nodes[address.node].id), "address": .string(address.text(in: plan)),
        ]
    }
}

extension WebhookHold {
    init(_ hold: TriggerLink.SpendHold) {
        self.init(webhook: hold.webhook, day: hold.day, amount: hold.amount, limit: hold.limit)
    }
}
