import HTTPValues
import Storage
import Synchronization
import Values

/// Counts what accounts do against their plans (contract §4.3).
///
/// Plans are looked up again after a few seconds, so that a change is soon in force everywhere. The minutes are counted in
/// memory, of several servers by each its share; the days in the commits that accept executions. What is known of at most
/// ``capacity`` accounts is kept; when there are more within a minute, all are counted anew.
final class RateLimiter: Sendable {
    private static let capacity = 50_000
    private static let freshness = Duration.seconds(3)

    /// What is known of an account.
    fileprivate struct Account {
        /// The plan, as far as this server enforces it.
        var plan: AccountPlan
        /// Its limits as headers tell them.
        var policy: String
        /// When the plan was looked up.
        var seen: Instant
        var requests = MinuteCount()
        /// In quarters of a poll.
        var polls = MinuteCount()
        var executions = MinuteCount()
        /// The day whose executions are counted, and how many there were at least: the commits know it exactly.
        var day: Int64
        var used: Int64
        /// How often it was looked up.
        var looks = 0
    }

    /// A call that may start executions; until it is settled it has its place in the minute.
    struct Passage: Sendable {
        fileprivate let account: AccountID
        fileprivate let at: Instant
        fileprivate let isCounted: Bool
        fileprivate let perDay: Int?
        fileprivate let looks: Int

        /// What the executions count against their day, in the commit that accepts them.
        func quota(for count: Int) -> QuotaClaim {
            QuotaClaim(day: at.day, count: Int64(count), limit: perDay.map(Int64.init))
        }
    }

    private enum Decision {
        case passed
        case refused(LimitStanding)
        /// The account has to be looked up first.
        case unknown
    }

    private let database: Database
    private let plans: PlanBook
    private let share: @Sendable () -> LimitShare
    private let log: @Sendable (String) -> Void
    private let accounts = Mutex<[AccountID: Account]>([:])
    /// What is told to those without limits, made once a second.
    private let unlimited = Mutex<(second: Int64, fields: HTTPFields)>((0, [:]))

    init(
        database: Database,
        plans: PlanBook,
        share: @escaping @Sendable () -> LimitShare,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.database = database
        self.plans = plans
        self.share = share
        self.log = log
    }

    // MARK: Requests

    /// Counts a request or a poll.
    ///
    /// - Throws: ``APIError`` with 429 when there were enough in this minute.
    func charge(_ bucket: Bucket, _ id: AccountID, at now: Instant) async throws(APIError) {
        try await decide(id, at: now) { account in
            switch bucket {
            case .requests:
                guard let limit = account.plan.requestsPerMinute else { return nil }
                guard account.requests.now(now) < limit else { return account.standing(.requests, at: now) }
                account.requests.add(1, at: now)
            case .polls:
                guard let limit = account.plan.pollsPerMinute else { return nil }
                guard account.polls.now(now) <= 4 * (limit - 1) else { return account.standing(.polls, at: now) }
                account.polls.add(4, at: now)
            default: break
            }
            return nil
        }
    }

    /// Gives back what a poll has cost too much that had nothing new to tell: it counts a quarter.
    func giveBackUnchanged(_ id: AccountID, at now: Instant) {
        accounts.withLock { $0[id]?.polls.add(-3, at: now) }
    }

    // MARK: Executions

    /// Lets a call pass that starts executions, or not.
    ///
    /// - Parameters:
    ///   - id: The account that pays.
    ///   - now: When it was asked for.
    ///   - isCall: Whether somebody has called for it, and no clock and no other run.
    /// - Returns: What is to be settled in the end.
    /// - Throws: ``APIError`` with 429 when there were enough in this minute, or on this day.
    func enter(_ id: AccountID, at now: Instant, isCall: Bool) async throws(APIError) -> Passage {
        var (perDay, looks) = (Int?.none, 0)
        try await decide(id, at: now) { account in
            (perDay, looks) = (account.plan.executionsPerDay, account.looks)
            if let perDay, account.used >= perDay { return account.standing(.daily, at: now) }
            guard isCall, let limit = account.plan.executionsPerMinute else { return nil }
            guard account.executions.now(now) < limit else { return account.standing(.executions, at: now) }
            account.executions.add(1, at: now)
            return nil
        }
        return Passage(account: id, at: now, isCounted: isCall, perDay: perDay, looks: looks)
    }

    /// Settles a call: what it has started, or that it has started nothing and costs nothing.
    func settle(_ passage: Passage, started count: Int) {
        accounts.withLock { accounts in
            if count > 0 {
                // A look since may have counted it: what is known must not be more than there was.
                guard let known = accounts[passage.account], known.looks == passage.looks else { return }
                accounts[passage.account]?.used += Int64(count)
            } else if count == 0, passage.isCounted {
                accounts[passage.account]?.executions.add(-1, at: passage.at)
            }
        }
    }

    /// The refusal of executions that are more than are left for the day, as the commit has found.
    func exhausted(_ passage: Passage) async -> APIError {
        try? await look(passage.account, at: passage.at)
        let standing = accounts.withLock { $0[passage.account]?.standing(.daily, at: passage.at) }
        return APIError(standing ?? LimitStanding(.daily, limit: 0, used: 0, at: passage.at))
    }

    // MARK: What is told

    /// The header fields about the tightest bucket of a call.
    func fields(_ bucket: Bucket?, _ id: AccountID?, at now: Instant) -> HTTPFields {
        if let bucket, let id, let standing = accounts.withLock({ $0[id]?.tightest(bucket, at: now) }) {
            return standing.fields
        }
        return unlimited.withLock { known in
            if known.second != now.seconds {
                let standing = LimitStanding(.requests, limit: LimitStanding.unlimited, used: 0, at: now)
                known = (now.seconds, standing.fields)
            }
            return known.fields
        }
    }

    /// The plan of an account, for all servers together, and how many executions it has started today.
    func plan(of id: AccountID, at now: Instant) async throws(APIError) -> (plan: AccountPlan, today: Int64) {
        let standing = try await standing(of: id, at: now)
        return (standing.flatMap { plans[$0.plan] } ?? plans.strictest, standing?.used ?? 0)
    }

    // MARK: Accounts

    private func decide(
        _ id: AccountID,
        at now: Instant,
        _ refusal: (inout Account) -> LimitStanding?
    ) async throws(APIError) {
        while true {
            let decision = accounts.withLock { accounts -> Decision in
                guard let place = accounts.index(forKey: id) else { return .unknown }
                let age = now - accounts.values[place].seen
                // A clock that was set back makes what is known too young.
                guard age < Self.freshness, .zero - age < Self.freshness, now.day <= accounts.values[place].day else {
                    return .unknown
                }
                return refusal(&accounts.values[place]).map(Decision.refused) ?? .passed
            }
            switch decision {
            case .passed: return
            case .refused(let standing): throw APIError(standing)
            case .unknown: try await look(id, at: now)
            }
        }
    }

    /// Looks up the plan of an account.
    private func look(_ id: AccountID, at now: Instant) async throws(APIError) {
        let found: AccountStanding?
        do {
            found = try await standing(of: id, at: now)
        } catch {
            // While the database is away, what was known holds.
            let isKnown = accounts.withLock { accounts in
                accounts[id]?.seen = now
                return accounts[id]?.day == now.day
            }
            guard isKnown else { throw error }
            return
        }
        let named = found.flatMap { plans[$0.plan] }
        let plan = (named ?? plans.strictest).part(of: share())
        accounts.withLock { accounts in
            var account =
                accounts[id] ?? Account(plan: plan, policy: plan.policy, seen: now, day: now.day, used: 0)
            (account.day, account.used) = (now.day, found?.used ?? 0)
            account.looks += 1
            if account.plan != plan { (account.plan, account.policy) = (plan, plan.policy) }
            account.seen = now
            if accounts.count >= Self.capacity, accounts[id] == nil { accounts = [:] }
            accounts[id] = account
        }
    }

    private func standing(of id: AccountID, at now: Instant) async throws(APIError) -> AccountStanding? {
        do {
            return try await database.standing(of: id, on: now.day)
        } catch {
            log("\(error)")
            throw APIError(storage: error)
        }
    }
}

extension RateLimiter.Account {
    /// How a bucket stands; `nil` where it has no limit.
    fileprivate mutating func standing(_ bucket: Bucket, at now: Instant) -> LimitStanding? {
        let (limit, used): (Int?, Int) =
            switch bucket {
            case .polls: (plan.pollsPerMinute, (polls.now(now) + 3) / 4)
            case .executions: (plan.executionsPerMinute, executions.now(now))
            case .daily: (plan.executionsPerDay, day == now.day ? Int(used) : 0)
            default: (plan.requestsPerMinute, requests.now(now))
            }
        guard let limit else { return nil }
        return LimitStanding(bucket, limit: limit, used: used, at: now, policy: policy)
    }

    /// How the bucket stands that lets the fewest calls of a kind follow; `nil` where none has a limit.
    fileprivate mutating func tightest(_ bucket: Bucket, at now: Instant) -> LimitStanding? {
        guard !plan.isUnlimited else { return nil }
        let open = LimitStanding(bucket, limit: LimitStanding.unlimited, used: 0, at: now, policy: policy)
        guard bucket == .executions else { return standing(bucket, at: now) ?? open }
        let (minute, day) = (standing(.executions, at: now), standing(.daily, at: now))
        guard let minute, let day else { return minute ?? day ?? open }
        return day.remaining < minute.remaining ? day : minute
    }
}

extension AccountPlan {
    /// The buckets with their limits as they stand in `RateLimit-Policy`.
    fileprivate var policy: String {
        let limits: [(Bucket, Int?)] = [
            (.requests, requestsPerMinute), (.polls, pollsPerMinute), (.executions, executionsPerMinute),
            (.daily, executionsPerDay),
        ]
        return limits.compactMap { bucket, limit in limit.map { LimitStanding.policy(bucket, $0) } }
            .joined(separator: ", ")
    }
}
