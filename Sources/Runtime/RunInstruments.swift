import Engine
import Values

public import Telemetry

/// What this server has counted about its runs since it started, and how they stand now.
public final class RunInstruments: Sendable {
    /// How the runs in memory stand.
    public let gauges = RunGauges()
    /// The runs that ended, by how.
    public let runs = CounterFamily("millrace_runs_ended_total", "Runs that ended on this server.", labels: ["outcome"])
    /// How long they took.
    public let runSeconds = HistogramFamily(
        "millrace_run_duration_seconds",
        "Time from the acceptance of runs to their end.",
        labels: ["outcome"]
    )
    /// The attempts that ended, by how.
    public let attempts = CounterFamily(
        "millrace_attempts_total",
        "Calls of vendors and tools that ended, by the class of their failure, or ok.",
        labels: ["provider", "class"]
    )
    /// How long they took.
    public let attemptSeconds = HistogramFamily(
        "millrace_attempt_duration_seconds",
        "Time that calls of vendors and tools took.",
        labels: ["provider"]
    )

    /// Nothing counted.
    public init() {}

    /// Counts what has ended with stored events.
    func note(_ events: [Event], of run: Run) {
        for event in events {
            switch event {
            case .ended(let end):
                runs.add(1, [end.phase.rawValue])
                runSeconds.add(end.at - run.facts.createdAt, [end.phase.rawValue])
            case .attemptFailed(let address, let number, let error, _, _, _):
                note(run, address, number, error.code)
            case .completed(let address, let number, _, _, _, _) where number > 0:
                note(run, address, number, "ok")
            case .judged(let address, let number, let candidate, _, _, _) where number > 0:
                note(run, address, number, candidate.passed ? "ok" : "quality_gate_failed")
            default: continue
            }
        }
    }

    private func note(_ run: Run, _ address: Address, _ number: Int, _ word: String) {
        guard let attempt = run.attempts(address).last(where: { $0.number == number }) else { return }
        let provider = attempt.grant.isSandbox ? "sandbox" : attempt.grant.provider
        attempts.add(1, [provider, word])
        if let end = attempt.endedAt { attemptSeconds.add(end - attempt.startedAt, [provider]) }
    }
}
