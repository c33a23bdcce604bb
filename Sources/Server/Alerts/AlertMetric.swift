import Runtime
import Storage
import Values

/// What rules are about; the raw value is the word on the wire.
enum AlertMetric: String, CaseIterable, Sendable {
    case successRate, errorRate, errorRateSpike, p50Ms, p95Ms, p99Ms, runs, failed, creditsUsed, costUsd, queueDepth

    /// Whether it is a share, from 0 to 1.
    var isShare: Bool { [.successRate, .errorRate, .errorRateSpike].contains(self) }

    /// What it is now for a rule; `nil` when there is nothing to tell it from.
    ///
    /// - Parameters:
    ///   - rule: The rule.
    ///   - account: Its account.
    ///   - now: The time.
    ///   - database: Keeps the hourly numbers.
    ///   - runs: Knows how many runs wait for room.
    /// - Returns: The value.
    /// - Throws: What the database says.
    static func value(
        of rule: AlertRule,
        _ account: AccountID,
        at now: Instant,
        in database: Database,
        _ runs: RunService
    ) async throws -> Double? {
        guard let metric = AlertMetric(rawValue: rule.metric) else { return nil }
        // The present hour has only begun: with it alone each full hour would end what fires.
        let window = MetricsWindow(hours: 1 + max(1, rule.window.wholeMilliseconds / 3_600_000), endingAt: now)
        switch metric {
        case .queueDepth: return Double(try await runs.queueDepth(of: account))
        case .errorRateSpike:
            // How much more of the runs failed than in the day before.
            let before = try await metrics(
                rule,
                account,
                window.from + (.zero - .seconds(86_400)),
                window.from,
                database
            )
            let present = try await metrics(rule, account, window.from, window.to, database)
            guard let rate = present.successRate, present.total >= rule.minimumRuns else { return nil }
            return (before.successRate ?? 1) - rate
        default:
            let present = try await metrics(rule, account, window.from, window.to, database)
            guard let known = RunMetric(rawValue: metric.rawValue) else { return nil }
            let isOfRuns = metric.isShare || [.p50Ms, .p95Ms, .p99Ms].contains(metric)
            guard !isOfRuns || present.total >= rule.minimumRuns else { return nil }
            return present.value(known)
        }
    }

    private static func metrics(
        _ rule: AlertRule,
        _ account: AccountID,
        _ from: Instant,
        _ to: Instant,
        _ database: Database
    ) async throws -> RunMetrics {
        var filter = MetricsFilter(account: account, from: from, to: to)
        filter.workflow = rule.workflow
        return try await database.runMetrics(filter, step: to - from)[0] ?? RunMetrics()
    }
}
