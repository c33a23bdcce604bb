import EventLoop
import Engine
import Storage
import Values
import Workflows

/// What started a run, as the contract shows it (§7.6).
struct RunOrigin: Sendable {
    /// The word for it, such as `api`, `webhook` or `schedule`.
    var type = "api"
    /// The API key that asked.
    var key: APIKeyID?
    /// The address of the client that asked.
    var ip: String?
    /// The schedule whose time had come.
    var schedule: String?
    /// The webhook that was called.
    var webhook: String?
    /// Whether a test key asked: the sandbox answers for every model and nothing is charged.
    var isTest = false
    /// The environment whose credentials the run uses, such as `production`.
    var environment: String?
    /// The execution it takes over from.
    var retryOf: ExecutionID?

    /// Marks what a run is accepted with: it stays a test once it was one, since placeholders stand in it.
    func mark(_ facts: inout RunFacts) {
        facts.environment = environment ?? facts.environment
        facts.isTest = facts.isTest || isTest
        if facts.isTest { facts.sandbox = .always }
    }

    /// As details and history show it.
    var json: JSON {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        return [
            "type": .string(type), "keyId": text(key?.description), "ip": text(ip), "scheduleId": text(schedule),
            "webhookId": text(webhook), "retryOf": text(retryOf?.description),
        ]
    }
}

/// A run that is wanted: by a request, a webhook, a schedule, or another run.
struct StartOrder: Sendable {
    /// The account that asks and pays.
    var account: AccountID
    /// Its workflow.
    var workflow: WorkflowID
    /// What is wanted of it.
    var request: ExecuteRequest
    /// What started it.
    var origin: RunOrigin
    /// When it was asked for.
    var at: Instant
    /// The loop on which the run should live: that of the client's connection, where there is one.
    var loop: Loop?
    /// The identifier of the execution, where it follows from what started it, so that it starts once.
    var execution: ExecutionID?
    /// How the run hangs together with what started it.
    var link: TriggerLink?
    /// The delivery that its acceptance is.
    var delivery: DeliveryID?
    /// What a request that names itself by a key is answered, stored in the same commit.
    var answer: (@Sendable (Run) -> StoredAnswer)?
    /// Whether somebody has called for it, so that it counts against the calls of the minute; not what a clock or another
    /// run has started.
    var isCall = true
}
