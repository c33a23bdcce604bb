import Catalog
import Engine
import Storage
import Values
import Workflows

/// What the journal of a run tells.
struct Story {
    /// What its events add up to.
    private(set) var run: Run
    /// The node runs for which calls were intended, as the run keeps them.
    private(set) var addresses: Set<Address> = []
    /// How many more jobs of a node run were wanted because a result was not good enough.
    private(set) var regenerations: [String: Int] = [:]
    /// The attempts that were intended.
    private var intended: Set<String> = []

    init(of row: ExecutionRow, _ entries: [JournalEntry], _ plan: Plan, _ ground: Ground) throws {
        guard let first = entries.first else { throw Report(complaint: .wrongJournal, text: "it has no journal") }
        run = Run(plan: plan, facts: try Event.facts(of: first.body))
        var time = run.facts.createdAt
        for entry in entries where !entry.body.isEmpty {
            guard entry.first == run.lastEvent + 1 else {
                throw Report(
                    complaint: .wrongJournal,
                    text: "its journal goes on at \(entry.first) after \(run.lastEvent)"
                )
            }
            for event in try Event.decode(entry.body, in: plan) {
                note(event, ground)
                try take(event)
                guard event.kind != "waiting" else { continue }
                guard event.time >= time else {
                    throw Report(complaint: .wrongJournal, text: "\(event.kind) happened before what it follows")
                }
                time = event.time
            }
        }
    }

    /// The name under which the vendor knows an attempt: `execution address attempt`.
    func name(_ address: Address, _ attempt: Attempt) -> String {
        "\(name(address, round: attempt.round)) \(attempt.number)"
    }

    private func name(_ address: Address, round: Int) -> String {
        "\(run.facts.execution) \(Address(node: address.node, index: address.index, round: round).text(in: run.plan))"
    }

    private mutating func take(_ event: Event) throws {
        switch event {
        case .intended(let address, let attempt, _, _, _):
            addresses.insert(address)
            guard intended.insert("\(name(address, round: run.round)) \(attempt)").inserted else {
                throw Report(complaint: .sameAddress, text: "\(run.name(address)) is intended twice as \(attempt)")
            }
        case .completed(let address, _, _, _, _, _):
            guard run.nodeRun(address)?.state.isTerminal != true else {
                throw Report(complaint: .sameAddress, text: "\(run.name(address)) has ended twice")
            }
        case .judged(let address, let attempt, let candidate, _, _, _) where attempt > 0 && !candidate.passed:
            regenerations[name(address, round: run.round), default: 0] += 1
        case .regenerating(let address, _, _):
            for node in run.plan.nodes[address.node].guarded {
                regenerations[name(Address(node: node, index: address.index), round: run.round), default: 0] += 1
            }
        default: break
        }
        run.apply(event)
    }

    /// Notes in which state what has happened.
    private func note(_ event: Event, _ ground: Ground) {
        guard let address = event.address else { return ground.note("run \(run.phase) > \(event.kind)") }
        let state: String
        switch run.nodeRun(address)?.state {
        case nil: state = "pending"
        case .waiting(let reason, _): state = "waiting: \(reason.rawValue)"
        case .some: state = run.nodeRun(address)?.status.lowercased() ?? ""
        }
        ground.note("node \(state) > \(event.kind)")
    }
}

extension Event {
    /// The word for what happened.
    var kind: String {
        let text = String(describing: self)
        let inner = text.hasPrefix("outside(") ? text.dropFirst("outside(".count) : text[...]
        let word = inner.prefix { $0 != "(" }
        return String(word.split(separator: ".").last ?? word)
    }

    /// The node run it is about; `nil` when it is about the run.
    var address: Address? {
        switch self {
        case .waiting(let address, _, _, _, _), .intended(let address, _, _, _, _), .submitted(let address, _, _, _),
            .ready(let address, _, _, _), .attemptFailed(let address, _, _, _, _, _),
            .withdrawn(let address, _, _, _), .calledBack(let address, _, _, _), .settled(let address, _, _, _, _),
            .completed(let address, _, _, _, _, _), .reused(let address, _, _, _), .failed(let address, _, _, _),
            .skipped(let address, _, _), .turnStarted(let address, _, _, _), .turnEnded(let address, _, _, _),
            .judged(let address, _, _, _, _, _), .regenerating(let address, _, _):
            address
        case .outside(.asked(let address, _, _)), .outside(.decided(let address, _, _, _, _)),
            .outside(.received(let address, _, _)), .outside(.childWanted(let address, _, _)),
            .outside(.childEnded(let address, _, _)):
            address
        default: nil
        }
    }
}
