import EventLoop
import Storage
import Synchronization
import Values

/// What limits the spending of accounts, as this server knows it.
///
/// The limits themselves are kept by the database; what is remembered here only says whether it has to be asked. Whoever
/// changes them tells all servers; should a server not hear it, a new execution goes by what is at most ten seconds old,
/// and the attempts of one that runs learn of it with the second attempt at the latest.
final class MoneyDesk: Sendable {
    private struct Known {
        var rules: MoneyRules
        var at: Instant
        var isRefreshing = false
    }

    private struct Memory {
        var accounts: [AccountID: Known] = [:]
        /// How often everything was forgotten; what was asked for before is not remembered after it.
        var times = 0
    }

    /// After this time the database is asked anew, beside what is under way.
    private static let age = Duration.seconds(1)
    /// After this time a new execution waits for the answer.
    private static let longest = Duration.seconds(10)
    /// The most accounts that are remembered.
    private static let most = 10_000

    private let database: Database
    private let now: @Sendable () -> Instant
    private let memory = Mutex(Memory())

    init(database: Database, now: @escaping @Sendable () -> Instant) {
        self.database = database
        self.now = now
    }

    /// What is remembered of an account, which is read anew beside it when it is old.
    func known(_ account: AccountID, on loop: Loop) -> MoneyRules? { known(account, within: nil, on: loop) }

    private func known(_ account: AccountID, within longest: Duration?, on loop: Loop) -> MoneyRules? {
        let time = now()
        let (rules, isOld) = memory.withLock { memory -> (MoneyRules?, Bool) in
            guard var entry = memory.accounts[account] else { return (nil, false) }
            // A clock may be set back.
            let age = time < entry.at ? Self.longest : time - entry.at
            if let longest, age >= longest { return (nil, false) }
            guard age >= Self.age, !entry.isRefreshing else { return (entry.rules, false) }
            entry.isRefreshing = true
            memory.accounts[account] = entry
            return (entry.rules, true)
        }
        if isOld { Task(executorPreference: loop) { [self] in _ = try? await ask(account) } }
        return rules
    }

    /// What limits an account.
    func rules(of account: AccountID, on loop: Loop) async throws(StorageError) -> MoneyRules {
        if let rules = known(account, within: Self.longest, on: loop) { return rules }
        return try await ask(account)
    }

    /// Forgets everything, because something was changed.
    func forget() {
        memory.withLock { memory in
            memory.accounts = [:]
            memory.times += 1
        }
    }

    private func ask(_ account: AccountID) async throws(StorageError) -> MoneyRules {
        let time = now()
        let times = memory.withLock { $0.times }
        do {
            let rules = try await database.moneyRules(of: account)
            memory.withLock { memory in
                guard memory.times == times else { return }
                if memory.accounts.count >= Self.most { memory.accounts = [:] }
                memory.accounts[account] = Known(rules: rules, at: time)
            }
            return rules
        } catch {
            memory.withLock { $0.accounts[account]?.isRefreshing = false }
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
