import EventLoop
import Storage
import Synchronization
import Values

/// What limits the spending of accounts, as this server knows it: at most a few seconds old.
///
/// The limits themselves are kept by the database; what is remembered here only says whether it has to be asked.
final class MoneyDesk: Sendable {
    private struct Known {
        var rules: MoneyRules
        var at: Instant
        var isRefreshing = false
    }

    /// After this time the database is asked anew, beside what is under way.
    private static let age = Duration.seconds(1)
    /// After this time the answer is waited for.
    private static let longest = Duration.seconds(10)
    /// The most accounts that are remembered.
    private static let most = 10_000

    private let database: Database
    private let now: @Sendable () -> Instant
    private let known = Mutex<[AccountID: Known]>([:])

    init(database: Database, now: @escaping @Sendable () -> Instant) {
        self.database = database
        self.now = now
    }

    /// What is remembered of an account; `nil` when it has to be asked for.
    func known(_ account: AccountID, on loop: Loop) -> MoneyRules? {
        let time = now()
        let (rules, isOld) = known.withLock { known -> (MoneyRules?, Bool) in
            guard var entry = known[account], time - entry.at < Self.longest else { return (nil, false) }
            guard time - entry.at >= Self.age, !entry.isRefreshing else { return (entry.rules, false) }
            entry.isRefreshing = true
            known[account] = entry
            return (entry.rules, true)
        }
        if isOld { Task(executorPreference: loop) { [self] in _ = try? await ask(account) } }
        return rules
    }

    /// What limits an account.
    func rules(of account: AccountID, on loop: Loop) async throws(StorageError) -> MoneyRules {
        if let rules = known(account, on: loop) { return rules }
        return try await ask(account)
    }

    /// Forgets what is remembered of an account, because it was changed here.
    func forget(_ account: AccountID) { known.withLock { $0[account] = nil } }

    private func ask(_ account: AccountID) async throws(StorageError) -> MoneyRules {
        let time = now()
        do {
            let rules = try await database.moneyRules(of: account)
            known.withLock { known in
                if known.count >= Self.most { known = [:] }
                known[account] = Known(rules: rules, at: time)
            }
            return rules
        } catch {
            known.withLock { $0[account]?.isRefreshing = false }
            throw error
        }
    }
}

extension MoneyRules {
    /// What limits a payer on a day: the account's credits and the hard budgets that concern them, with the units.
    func purses(for payer: Payer, on day: Int64) -> [(purse: Purse, unit: Budget.Unit)] {
        var purses: [(purse: Purse, unit: Budget.Unit)] = []
        for budget in budgets where budget.isHard && budget.concerns(payer) {
            purses.append((Purse(budget, onDay: day), budget.unit))
        }
        if isMetered { purses.append((Purse(account: payer.account), .credits)) }
        return purses
    }
}
