import Catalog
import Engine
import Storage
import Values
import Workflows

/// What a run holds of its account's credits and of budgets, as the server that owns it knows, and how its movements
/// stand in the ledger.
struct RunMoney {
    /// What is held of a purse.
    struct Hold {
        /// What is held and not spent.
        var held: Int64
        /// What of it attempts have reserved, or were promised.
        var used: Int64 = 0
    }

    /// The price of a credit.
    let credit: Money
    private(set) var holds: [Purse: Hold] = [:]
    /// The units of the budgets it holds money of.
    private var units: [BudgetID: Budget.Unit] = [:]
    /// What attempts were promised that are not journaled yet.
    private var promises: [Address: [Purse: Int64]] = [:]
    /// The node runs that wait for an answer whether there is money, with what they lack.
    var wanted: [Address: [HoldOrder]] = [:]
    /// The least of it that each can do with.
    var smallest: [Address: [HoldOrder]] = [:]
    /// Whether the database is being asked.
    var isAsking = false
    /// Whether the end of the run lets go of something.
    private(set) var hasHolds: Bool

    /// The money of a run that may hold some already.
    init(credit: Money, hasHolds: Bool = false) {
        self.credit = credit
        self.hasHolds = hasHolds
    }

    /// Takes note of what the run holds since an earlier process, and of what its attempts have reserved of it.
    mutating func restore(_ held: [Purse: Int64], _ rules: MoneyRules, _ run: Run) {
        for budget in rules.budgets { units[budget.id] = budget.unit }
        for (purse, amount) in held { holds[purse] = Hold(held: amount) }
        for address in run.addresses {
            for attempt in run.attempts(address) where attempt.reserved > .zero {
                for purse in holds.keys where concerns(purse, attempt.startedAt, rules) {
                    let reserved = amount(attempt.reserved, in: purse)
                    holds[purse]?.used += reserved
                }
            }
        }
    }

    /// Takes note of more that is held.
    mutating func add(_ orders: [HoldOrder]) {
        hasHolds = true
        for order in orders { holds[order.purse, default: Hold(held: 0)].held += order.amount }
    }

    /// Promises an attempt the most it can cost, out of what is held.
    ///
    /// - Parameters:
    ///   - upper: The most it can cost.
    ///   - address: The node run.
    ///   - purses: What limits it, with the units.
    /// - Returns: What is lacking; nothing when it was promised.
    mutating func promise(_ upper: Money, _ address: Address, _ purses: [(Purse, Budget.Unit)]) -> [HoldOrder] {
        var lacking: [HoldOrder] = []
        for (purse, unit) in purses {
            if case .budget(let id) = purse.owner { units[id] = unit }
            // Of other units nobody knows before how much it takes: whether any is left is asked each time.
            guard unit.isMoney else {
                if promises[address]?[purse] == nil { lacking.append(HoldOrder(purse: purse, amount: 0)) }
                continue
            }
            let amount = unit.amount(of: upper, credit: credit)
            let hold = holds[purse] ?? Hold(held: 0)
            let lack = amount - (promises[address]?[purse] ?? 0) - (hold.held - hold.used)
            if lack > 0 { lacking.append(HoldOrder(purse: purse, amount: lack)) }
        }
        guard lacking.isEmpty else { return lacking }
        for (purse, unit) in purses where unit.isMoney {
            let amount = unit.amount(of: upper, credit: credit)
            let promised = promises[address]?[purse] ?? 0
            guard amount > promised else { continue }
            holds[purse, default: Hold(held: 0)].used += amount - promised
            promises[address, default: [:]][purse] = amount
        }
        return []
    }

    /// Lets an attempt be made under budgets of other units than money, of which something is left.
    mutating func pass(_ address: Address, _ orders: [HoldOrder]) {
        for order in orders where order.amount == 0 { promises[address, default: [:]][order.purse] = 0 }
    }

    // MARK: The ledger

    /// Books movements: what the ledger says of them, what is counted, and what is taken out of what is held.
    ///
    /// - Returns: `nil` when there is nothing to store.
    mutating func book(_ movements: [MoneyMovement], of run: Run) -> MoneyRecord? {
        guard !movements.isEmpty else { return nil }
        var record = MoneyRecord(payer: run.facts.payer)
        var (event, place): (Int64, Int64) = (0, 0)
        for movement in movements {
            if movement.event != event { (event, place) = (movement.event, 0) }
            for entry in entries(movement, run.plan) {
                record.entries.append(entry.numbered(event << 16 | min(place, 0xFFFF)))
                place += 1
            }
            if let count = count(movement, run.plan) { record.counts.append(count) }
            record.spent += take(movement)
        }
        return record.isEmpty ? nil : record
    }

    private func entries(_ movement: MoneyMovement, _ plan: Plan) -> [LedgerEntry] {
        func entry(_ kind: LedgerEntry.Kind, _ money: Money, credits: Int64? = nil) -> LedgerEntry {
            var entry = LedgerEntry(
                kind: kind,
                number: 0,
                at: movement.at,
                nano: money.nano,
                credits: credits ?? money.credits(at: credit)
            )
            guard let address = movement.address, let attempt = movement.attempt else { return entry }
            entry.describe(attempt, address, plan)
            return entry
        }
        var entries: [LedgerEntry] = []
        switch movement.kind {
        case .reserve:
            if movement.heldAfter > .zero { entries.append(entry(.reserve, movement.heldAfter)) }
        case .settle, .late:
            if movement.cost != .zero {
                var booked = entry(
                    movement.kind == .late ? .late : .settle,
                    movement.cost,
                    credits: movement.credits(at: credit)
                )
                booked.usage = movement.usage
                entries.append(booked)
            }
            if movement.released > .zero { entries.append(entry(.release, movement.released)) }
        case .release: if movement.released > .zero { entries.append(entry(.release, movement.released)) }
        }
        return entries
    }

    private func count(_ movement: MoneyMovement, _ plan: Plan) -> UsageCount? {
        guard let address = movement.address, let attempt = movement.attempt,
            movement.isEnd || movement.cost != .zero || !movement.usage.isEmpty
        else { return nil }
        return UsageCount(
            day: attempt.startedAt.day,
            nodeType: attempt.grant.fallbackType ?? plan.nodes[address.node].type.id,
            model: attempt.grant.model ?? "",
            attempts: movement.isEnd ? 1 : 0,
            nano: movement.cost.nano,
            credits: movement.credits(at: credit),
            usage: movement.usage
        )
    }

    // MARK: What is held

    /// Takes what a movement has spent and let go of out of what is held.
    private mutating func take(_ movement: MoneyMovement) -> [HoldChange] {
        guard !holds.isEmpty, let attempt = movement.attempt, let address = movement.address else { return [] }
        var changes: [HoldChange] = []
        if movement.kind == .reserve {
            for (purse, amount) in promises.removeValue(forKey: address) ?? [:] { holds[purse]?.used -= amount }
        }
        for purse in holds.keys where concerns(purse, attempt.startedAt) {
            guard var hold = holds[purse] else { continue }
            let change = amount(movement.heldAfter, in: purse) - amount(movement.heldBefore, in: purse)
            hold.used = max(0, hold.used + change)
            let cost = isInCredits(purse) ? movement.credits(at: credit) : movement.cost.nano
            let spent = min(max(0, hold.held), cost)
            hold.held -= spent
            holds[purse] = hold
            if spent != 0 { changes.append(HoldChange(purse: purse, spent: spent)) }
        }
        return changes
    }

    /// What jobs that outlive the run may still cost of each purse.
    func kept(for run: Run) -> [Purse: Int64] {
        var kept: [Purse: Int64] = [:]
        for address in run.addresses {
            for attempt in run.attempts(address) where attempt.isAbandoned {
                for purse in holds.keys where concerns(purse, attempt.startedAt) {
                    kept[purse, default: 0] += amount(attempt.reserved, in: purse)
                }
            }
        }
        return kept
    }

    private func isInCredits(_ purse: Purse) -> Bool {
        guard case .budget(let id) = purse.owner else { return true }
        return units[id] == .credits
    }

    private func amount(_ money: Money, in purse: Purse) -> Int64 {
        switch purse.owner {
        case .account: money.credits(at: credit)
        case .budget(let id): units[id]?.amount(of: money, credit: credit) ?? 0
        }
    }

    /// Whether what was reserved then counts in the period of a purse.
    private func concerns(_ purse: Purse, _ at: Instant, _ rules: MoneyRules? = nil) -> Bool {
        guard case .budget(let id) = purse.owner else { return true }
        if let period = rules?.budgets.first(where: { $0.id == id })?.period {
            return period.start(ofDay: at.day) == purse.start
        }
        // The period of a purse ends where a later purse of the budget begins.
        let next = holds.keys.filter { $0.owner == purse.owner && $0.start > purse.start }.map(\.start).min()
        return at.day >= purse.start && next.map { at.day < $0 } ?? true
    }
}

extension LedgerEntry {
    func numbered(_ number: Int64) -> LedgerEntry {
        var entry = self
        entry.number = number
        return entry
    }

    /// Says which attempt a movement is of.
    mutating func describe(_ attempt: Attempt, _ address: Address, _ plan: Plan) {
        self.address = address.text(in: plan)
        self.attempt = Int64(attempt.number)
        node = plan.nodes[address.node].id
        nodeType = attempt.grant.fallbackType ?? plan.nodes[address.node].type.id
        reference = attempt.requestID ?? attempt.keep["jobId"]?.string
        describe(attempt.grant)
    }

    /// Says who was paid.
    mutating func describe(_ grant: Grant) {
        provider = grant.provider
        offer = grant.offer
        model = grant.model
        price = grant.price
    }
}

extension RunFacts {
    /// Who pays.
    var payer: Payer { Payer(account: account, workflow: workflow, key: key, customer: customer) }
}
