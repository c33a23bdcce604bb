import Engine
import Storage
import Values
import Workflows

extension Shard {
    /// Tells a run that was let go of which of its calls were never begun here, so that nobody is asked about them.
    func withdraw(_ intents: [RunDriver.Intent], of id: ExecutionID, _ plan: Plan) {
        for intent in intents {
            let input = RunInput.finished(intent.address, attempt: intent.attempt, .withdrawn)
            guard let event = Event(late: input, at: services.now()) else { continue }
            Task(executorPreference: loop) { await self.postLate(event, of: id, plan) }
        }
    }

    /// Gives the inbox of a run what came of an attempt that this server made while the run was its own.
    ///
    /// Tried again until it is stored, or the run has ended: a paid result is never dropped (engine.md §3).
    func postLate(_ event: Event, of id: ExecutionID, _ plan: Plan) async {
        guard !isStopping, let (name, body) = event.lateBody(in: plan) else { return }
        let signal = Signal(
            id: SignalID(at: services.now(), random: &random),
            kind: "late",
            dedupe: name,
            at: services.now(),
            body: body
        )
        do {
            guard try await database.post(signal, to: id) == .stored else { return }
            take(signal, for: id)
        } catch {
            guard RuntimeError(error).isPassing else { return }
            await insist("The late answer of \(id) cannot be stored") { () throws(RuntimeError) in
                do throws(StorageError) {
                    _ = try await database.post(signal, to: id)
                } catch {
                    throw RuntimeError(error)
                }
            }
        }
    }
}

extension Event {
    /// Whether it says what came of an attempt.
    var isOutcome: Bool {
        switch self {
        case .submitted, .attemptFailed, .withdrawn: true
        case .completed(_, let attempt, _, _, _, _): attempt > 0
        default: false
        }
    }

    /// What an input about an attempt comes to when the run is gone; `nil` for what need not be told.
    init?(late input: RunInput, at now: Instant) {
        switch input {
        case .submitted(let address, let number, let keep):
            self = .submitted(address, attempt: number, keep: keep, at: now)
        case .finished(let address, let number, .succeeded(let outputs, let cost, let requestID)):
            self = .completed(address, attempt: number, outputs: outputs, cost: cost, requestID: requestID, at: now)
        case .finished(let address, let number, .failed(let error, let cost)):
            self = .attemptFailed(address, attempt: number, error, cost: cost, next: .fail, at: now)
        case .finished(let address, let number, .withdrawn):
            self = .withdrawn(address, attempt: number, next: now, at: now)
        default: return nil
        }
    }

    /// The event as the body of a signal, with a name that is the same for the same fact.
    func lateBody(in plan: Plan) -> (name: String, body: JSON)? {
        guard let list = try? JSON(parsing: Event.encode([self], in: plan), limits: .record), let record = list[0],
            let kind = record["k"]?.string, let node = record["n"]?.string, let attempt = record["a"]?.integer
        else { return nil }
        return ("late:\(node)/\(attempt):\(kind)", ["events": list])
    }

    /// Reads the form of ``lateBody(in:)``.
    init?(lateBody body: JSON, in plan: Plan) {
        guard let list = body["events"], let event = try? Event.decode(list.bytes, in: plan).first else { return nil }
        self = event
    }
}
