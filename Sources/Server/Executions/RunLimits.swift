import Engine
import Values
import Workflows

/// What a run may cost and whether it may use results of equal calls (contract §7.1).
struct RunLimits {
    let maximumCredits: Int64?
    let maximumCost: Money?
    let budgetWait: Duration?
    let cache: CacheMode?

    static let fields = ["maxCredits", "maxCostUsd", "budgetWaitMs", "cache", "force"]

    /// - Throws: ``APIError`` naming the field that cannot be used.
    init(_ fields: Fields) throws(APIError) {
        maximumCredits = try fields.integer("maxCredits", 0...Int64.max)
        if let dollars = fields["maxCostUsd"] {
            guard let number = dollars.number, let cost = Money(rounding: number * 1e9) else {
                throw .field("maxCostUsd", "must be a number of dollars, 0 or more")
            }
            maximumCost = cost
        } else {
            maximumCost = nil
        }
        budgetWait = try fields.integer("budgetWaitMs", 0...(30 * 86_400_000)).map { .milliseconds($0) }
        var cache: CacheMode?
        if let word = try fields.string("cache") {
            guard let mode = CacheMode(rawValue: word) else {
                let words = CacheMode.allCases.map(\.rawValue).joined(separator: ", ")
                throw .field("cache", "must be one of: \(words)")
            }
            cache = mode
        }
        self.cache = try fields.bool("force") == true ? .off : cache
    }

    /// The smaller of both caps; `nil` when there is none.
    func cap(credit: Money) -> Money? { Self.cap(maximumCredits, maximumCost, credit: credit) }

    /// Sets what was sent, and else what the workflow says.
    func apply(to facts: inout RunFacts, settings: WorkflowSettings, credit: Money) {
        facts.maximumCost = Self.cap(
            maximumCredits ?? settings.maximumCredits,
            maximumCost ?? settings.maximumCost,
            credit: credit
        )
        facts.budgetWait = budgetWait ?? settings.budgetWait ?? facts.budgetWait
        facts.cache = cache
    }

    private static func cap(_ credits: Int64?, _ cost: Money?, credit: Money) -> Money? {
        let bought = credits.map { credits in
            let (nano, isTooLarge) = credits.multipliedReportingOverflow(by: credit.nano)
            return Money(nano: isTooLarge ? .max : nano)
        }
        return [bought, cost].compactMap { $0 }.min()
    }
}
