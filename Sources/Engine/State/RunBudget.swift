import Catalog
public import Values

/// What a run may cost, has spent and holds for calls that are under way (engine.md §6).
///
/// Every amount follows from the journal: `intended` holds the most an attempt can cost, its end books what it did
/// cost and lets go of the rest.
public struct RunBudget: Sendable, Hashable {
    /// The most the run may cost; `nil` for no cap.
    public internal(set) var cap: Money?
    /// What settled attempts cost.
    public internal(set) var spent: Money = .zero
    /// What attempts hold that are under way, or whose cost nobody knows.
    public internal(set) var reserved: Money = .zero

    init(cap: Money?) {
        self.cap = cap
    }

    /// Whether an attempt that costs at most so much keeps the cap.
    func affords(_ upper: Money) -> Bool {
        guard let cap, upper > .zero else { return true }
        return spent + reserved + upper <= cap
    }

    /// Holds the most an attempt can cost.
    mutating func reserve(_ attempt: inout Attempt) {
        attempt.reserved = attempt.grant.upper
        reserved += attempt.reserved
    }

    /// Books what an attempt cost and lets go of the rest; one that may have been charged, or that the vendor still works
    /// on, keeps what it holds.
    mutating func settle(_ attempt: inout Attempt) {
        spent += attempt.cost
        if attempt.isAbandoned || (attempt.cost == .zero && attempt.error?.charged == .unknown) { return }
        release(&attempt)
    }

    /// Books what a job came to that the run had stopped waiting for.
    mutating func book(_ attempt: inout Attempt, _ cost: Money) {
        spent += cost - attempt.cost
        attempt.cost = cost
        release(&attempt)
    }

    /// Lets go of everything but what is held for jobs that outlive the run: it is terminal.
    mutating func end(holding rest: Money) { reserved = rest }

    /// Lets go of what an attempt holds.
    mutating func release(_ attempt: inout Attempt) {
        reserved = reserved - attempt.reserved
        attempt.reserved = .zero
    }
}
