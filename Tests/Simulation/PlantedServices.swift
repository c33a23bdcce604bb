import Admission
import Engine
import Runtime
import Synchronization
import TestSupport
import Values

/// The services of one server with a planted mistake, and what they remember for it.
final class PlantedServices: Sendable {
    private let bug: PlantedBug?
    /// The node runs, as `execution address`, whose last attempt has failed.
    private let failed = Mutex<Set<String>>([])
    /// What attempts have come to, by execution: it may not be stored yet.
    private let outcomes = Mutex<[ExecutionID: [Outcome]]>([:])

    private struct Outcome {
        let address: String
        let attempt: Int
        let outcome: RunInput.Outcome
    }

    init(_ bug: PlantedBug?) { self.bug = bug }

    /// Puts the mistake into the services of a server.
    func plant(into services: inout Services) {
        switch bug {
        case .releaseTwice:
            services.quote = { [self, quote = services.quote] request, now, passed in
                quote(request, now, passed).map { quote in
                    var quote = quote
                    if failed.withLock({ $0.contains("\(request.execution) \(request.address)") }) {
                        quote.grant.upper = .zero
                    }
                    return quote
                }
            }
            services.perform = { [self, perform = services.perform] call, milestone in
                let outcome = await perform(call, milestone)
                if case .failed = outcome {
                    failed.withLock { _ = $0.insert("\(call.request.execution) \(call.request.address)") }
                }
                return outcome
            }
        case .reuseAddress:
            services.perform = { [perform = services.perform] call, milestone in
                var call = call
                call.request.address.replace(#/#\d+/#, with: "#1")
                return await perform(call, milestone)
            }
        case .showUncommitted:
            services.perform = { [self, perform = services.perform] call, milestone in
                let outcome = await perform(call, milestone)
                let made = Outcome(address: call.request.address, attempt: call.attempt, outcome: outcome)
                outcomes.withLock { $0[call.request.execution, default: []].append(made) }
                return outcome
            }
        default: return
        }
    }

    /// What a look at a run shows.
    func shown(_ run: Run, at now: Instant) -> Run {
        guard bug == .showUncommitted else { return run }
        var run = run
        var random = SplitMix64(seed: 1)
        for made in outcomes.withLock({ $0[run.facts.execution] ?? [] }) {
            guard let address = Address(made.address, in: run.plan) else { continue }
            _ = run.step(.finished(address, attempt: made.attempt, made.outcome), now: now, random: &random)
        }
        return run
    }
}
