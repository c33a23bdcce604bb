import Engine
import Storage
import Values

extension RunService {
    /// How often a run may end the process before it is set aside.
    static let crashLimit: Int64 = 3

    /// Counts what an earlier process died of, and sets aside the runs that have ended too many.
    func quarantine() async throws(StorageError) {
        guard let marker = services.crashMarker else { return }
        let now = services.now()
        guard !marker.found.isEmpty else { return }
        for run in try await database.noteCrashes(of: marker.found, at: now) {
            guard run.crashes >= Self.crashLimit else {
                services.log("The process ended while it decided about \(run.execution), for the \(run.crashes). time.")
                continue
            }
            do {
                try await setAside(run, at: now)
            } catch {
                services.log("The run \(run.execution) could not be set aside: \(error)")
            }
        }
    }

    /// Ends a run as failed without a look at its state, and leaves a dead letter.
    private func setAside(_ run: CrashedRun, at now: Instant) async throws {
        guard let live = try await database.takeOver(run.execution),
            let first = try await database.journal(of: run.execution, after: 0, limit: 1).first
        else { return }
        let facts = try Event.facts(of: first.body)
        let error = NodeError(
            "internal_error",
            "The server ended \(run.crashes) times while it decided about this run, so it was set aside. What it has "
                + "finished is in its journal; calls under way are not asked about any more. Report it with the "
                + "server's log, and retry it from the start."
        )
        let end = RunEnd(phase: .failed, at: now, error: error)
        var append = JournalAppend(
            execution: run.execution,
            epoch: live.epoch,
            first: live.last + 1,
            last: live.last + 1,
            body: Event.encode(end)
        )
        append.end = ExecutionEnd(
            at: now,
            status: end.phase.status,
            errorCode: error.code,
            failedNode: nil,
            spent: .zero,
            result: RunView.setAside(facts, lastEvent: live.last + 1, end).record.bytes
        )
        var random = services.chance
        var letter = DeadLetter(
            id: DeadLetterID(at: now, random: &random),
            account: facts.account,
            kind: .execution,
            reason: error.code,
            error: error.record,
            attempts: run.crashes,
            payload: facts.payload,
            createdAt: now
        )
        letter.workflow = facts.workflow
        letter.execution = run.execution
        append.deadLetters = [letter]
        append.hasSnapshot = true
        append.hasHolds = live.hasHolds
        append.money = MoneyRecord(payer: facts.payer)
        try await database.append(append)
        services.log("The run \(run.execution) was set aside: it has ended the process \(run.crashes) times.")
    }
}
