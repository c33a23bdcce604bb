public import Engine
import EventLoop
public import Storage
public import Values
public import Workflows

extension RunService {
    /// The price of a credit.
    public var credit: Money { services.credit }

    /// What an execution will probably cost.
    ///
    /// - Parameters:
    ///   - plan: What is run.
    ///   - facts: What it would be accepted with.
    ///   - reused: The node runs that earlier executions have finished.
    ///   - most: The most attempts that are looked at.
    /// - Returns: The estimate; what waits for people or unknown data makes it incomplete.
    public func estimate(
        _ plan: Plan,
        _ facts: RunFacts,
        reusing reused: [ReusedRun] = [],
        atMost most: Int = 1000
    ) -> Estimate {
        Estimator(services: services, most: most).estimate(plan, facts, reusing: reused)
    }

    /// What limits the spending of an account, at most a second old where it is used.
    public func moneyRules(of account: AccountID) async throws(RuntimeError) -> MoneyRules {
        guard let loop = shards.first?.loop else { return MoneyRules(plan: "self_hosted", budgets: []) }
        do {
            return try await desk.rules(of: account, on: loop)
        } catch {
            throw RuntimeError(error)
        }
    }

    /// Notes that the plan or a budget of an account was changed here, and lets runs that wait for money ask again.
    public func moneyChanged() async {
        desk.forget()
        await fundWaiting()
    }

    /// Lets runs that wait for money ask again, those that wait longest first.
    public func fundWaiting() async {
        do {
            for id in try await database.takeMoneyWaits(limit: Self.fundedAtOnce) {
                var random = services.chance
                let name = "money:\(SignalID(at: services.now(), random: &random))"
                do {
                    try await post("money", [:], dedupe: name, to: id)
                } catch {
                    // A run that has ended waits for nothing.
                    continue
                }
            }
        } catch {
            services.log("Runs that wait for money cannot be looked up: \(error)")
        }
    }

    /// Looks for runs that wait for money again and again, until the task is cancelled: money may come from anywhere, such
    /// as another server, a run that has ended, or the next day.
    public func keepFunding() async {
        guard let loop = shards.first?.loop else { return }
        while (try? await loop.sleep(for: .seconds(2))) != nil, !isStopping { await fundWaiting() }
    }

    /// How many runs that wait for money are told at a time.
    private static let fundedAtOnce = 100

    /// What a new execution is to hold where spending is limited.
    func holds(for facts: RunFacts, _ estimate: Estimate?, on loop: Loop) async throws(RuntimeError) -> [HoldOrder] {
        // They are known from here on, so that no attempt has to wait for them.
        let rules: MoneyRules
        do {
            rules = try await desk.rules(of: facts.account, on: loop)
        } catch {
            throw RuntimeError(error)
        }
        guard !rules.isFree, let estimate, facts.parent == nil, !estimate.rows.isEmpty else { return [] }
        var orders: [HoldOrder] = []
        for (purse, unit) in rules.purses(for: facts.payer, on: services.now().day) {
            let amount = unit == .credits ? estimate.credits : unit.amount(of: estimate.cost, credit: services.credit)
            orders.append(HoldOrder(purse: purse, amount: amount))
        }
        // The items of a batch hold their money themselves; here is only asked whether there is enough for all.
        guard facts.iteration == nil else {
            try await require(orders, of: facts.account)
            return []
        }
        return orders
    }

    private func require(_ orders: [HoldOrder], of account: AccountID) async throws(RuntimeError) {
        do throws(StorageError) {
            if let shortage = try await database.shortage(for: orders, at: services.now()) { throw .short(shortage) }
        } catch {
            throw RuntimeError(error)
        }
    }
}
