public import EventLoop
public import Runtime
public import Storage
public import Values

/// Looks at the rules about metrics, each once a minute by one of the servers that share a database.
///
/// A rule fires once for each time in which its condition holds, and is resolved when it does not hold any more.
public struct AlertWatch: Sendable {
    /// How long is waited between two looks at the same rule.
    static let pause = Duration.seconds(60)
    /// How many rules are taken at once.
    static let most = 100

    private let database: Database
    private let runs: RunService
    private let clock: @Sendable () -> Instant
    private let log: @Sendable (String) -> Void

    /// A watch over the rules of a database.
    public init(
        database: Database,
        runs: RunService,
        clock: @escaping @Sendable () -> Instant,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.database = database
        self.runs = runs
        self.clock = clock
        self.log = log
    }

    /// Looks at rules until the task is cancelled.
    public func run(on loop: Loop) async {
        repeat {
            do {
                try await look()
            } catch {
                log("The alerts could not be looked at, it is tried again: \(error)")
            }
        } while (try? await loop.sleep(for: Self.pause / 4)) != nil
    }

    /// Looks at all rules that are due.
    public func look() async throws {
        let now = clock()
        try await database.insertDefaultAlerts(at: now)
        while !Task.isCancelled {
            let alerts = try await database.claimAlerts(at: now, until: now + Self.pause, limit: Self.most)
            for alert in alerts { try await look(at: alert, now) }
            if alerts.count < Self.most { return }
        }
    }

    private func look(at alert: AlertRow, _ now: Instant) async throws {
        let value = try await AlertMetric.value(of: alert.rule, alert.account, at: now, in: database, runs)
        let holds = value.map { alert.rule.comparison.holds($0, alert.rule.threshold) } ?? false
        if holds, let value, alert.firing == nil {
            var random = SystemRandomNumberGenerator()
            let firing = AlertFiring(id: AlertFiringID(at: now, random: &random), of: alert, value: value, at: now)
            if try await database.begin(firing, of: alert) { runs.lookAtTriggers() }
        } else if !holds, alert.firing != nil {
            if try await database.endFiring(of: alert, at: now) { runs.lookAtTriggers() }
        }
    }
}
