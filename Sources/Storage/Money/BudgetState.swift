public import Values

/// How much of a budget is used in its present period.
public struct BudgetState: Sendable, Hashable {
    /// The budget.
    public let budget: Budget
    /// The day since 1970 on which the period began; 0 for the only one.
    public let start: Int64
    /// What was spent.
    public let spent: Int64
    /// What runs hold.
    public let reserved: Int64

    /// A state of these numbers.
    public init(budget: Budget, start: Int64, spent: Int64, reserved: Int64) {
        self.budget = budget
        self.start = start
        self.spent = spent
        self.reserved = reserved
    }

    static let exceeded = "budget.exceeded"
    static let warning = "budget.warning"

    /// What subscribers are to be told about it; they were not told yet that all of it is spent.
    func news(isWarned: Bool) -> String? {
        if spent >= budget.amount { return Self.exceeded }
        let isReached = Double(spent) * 100 >= Double(budget.amount) * Double(budget.warnPercent)
        return isReached && !isWarned ? Self.warning : nil
    }

    /// The budget as lists and messages show it.
    public var members: JSONObject {
        func number(_ amount: Int64) -> JSON {
            budget.unit.scale == 1 ? .int(amount) : .double(Double(amount) / Double(budget.unit.scale))
        }
        func day(_ day: Int64) -> JSON { .string(Instant(microseconds: day * 86_400_000_000).description) }
        var object: JSONObject = [
            "id": .string(budget.id.description), "name": .string(budget.name), "scope": .string(budget.scope.rawValue),
            "target": budget.target.isEmpty ? .null : .string(budget.target),
            "period": .string(budget.period.rawValue), "unit": .string(budget.unit.rawValue),
        ]
        object["limit"] = number(budget.amount)
        object["hard"] = .bool(budget.isHard)
        object["warnAtPercent"] = .int(budget.warnPercent)
        object["spent"] = number(spent)
        object["reserved"] = number(reserved)
        object["remaining"] = number(max(0, budget.amount - spent - reserved))
        object["periodStart"] = budget.period == .total ? .null : day(start)
        object["periodEnd"] = budget.period.end(ofStart: start).map(day) ?? .null
        object["createdAt"] = .string(budget.createdAt.description)
        object["updatedAt"] = .string(budget.updatedAt.description)
        return object
    }
}
