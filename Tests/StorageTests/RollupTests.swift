import Storage
import Testing
import Values

/// The hourly numbers of ended runs.
struct RollupTests {
    static let hour: Int64 = 3_600_000_000

    static func rollup(
        _ status: String = "COMPLETED",
        at time: Int64 = 10 * hour + 5,
        milliseconds: Int64? = 100,
        nano: Int64 = 7
    ) -> RunRollup {
        var rollup = RunRollup(
            account: Sample.account,
            workflow: Sample.workflow,
            isTest: false,
            endedAt: Instant(microseconds: time),
            status: status,
            milliseconds: milliseconds,
            cost: Money(nano: nano),
            credits: 1
        )
        let bucket = milliseconds.map { LatencyBucket(milliseconds: $0) }
        for name in ["a", "b"] {
            var node = NodeRollup(node: name, type: "text:template", model: "", bucket: bucket)
            node.runs = milliseconds == nil ? 0 : 1
            node.cost = Money(nano: nano)
            rollup.nodes.append(node)
        }
        return rollup
    }

    /// Accepts and ends a run.
    static func end(_ number: Int, _ rollup: RunRollup, in database: Database) async throws {
        try await database.append(Sample.accepted(number, owner: database.worker))
        var append = Sample.append(number, first: 3, last: 3)
        append.end = Sample.end(rollup.status)
        append.end?.rollup = rollup
        try await database.append(append)
    }

    static func filter(hours: Int64 = 24) -> MetricsFilter {
        MetricsFilter(
            account: Sample.account,
            from: Instant(microseconds: 0),
            to: Instant(microseconds: hours * hour)
        )
    }

    @Test(arguments: StoreKind.available)
    func `ends that share commits add up to the same numbers`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...60 {
                    let status = number % 10 == 0 ? "FAILED" : number % 15 == 1 ? "CANCELLED" : "COMPLETED"
                    let rollup = Self.rollup(
                        status,
                        at: Int64(number % 3) * Self.hour,
                        milliseconds: Int64(number)
                    )
                    group.addTask { try await Self.end(number, rollup, in: database) }
                }
            }
            let whole = try #require(try await database.runMetrics(Self.filter(), step: .seconds(86_400))[0])
            #expect(whole.runs == ["FAILED": 6, "CANCELLED": 4, "COMPLETED": 50])
            #expect(whole.cost == Money(nano: 420))
            #expect(whole.credits == 60)
            #expect(whole.successRate == 50.0 / 56)
            let steps = try await database.runMetrics(Self.filter(), step: .seconds(3600))
            #expect(steps.keys.sorted() == [0, 1, 2])
            #expect(steps.values.map(\.total) == [20, 20, 20])
            let nodes = try await database.nodeMetrics(Self.filter(), after: nil, limit: 10)
            #expect(nodes.map(\.key.node) == ["a", "b"])
            #expect(nodes.map(\.sums.runs) == [60, 60])
            let after = try await database.nodeMetrics(Self.filter(), after: nodes[0].key, limit: 10)
            #expect(after.map(\.key.node) == ["b"])
            #expect(try await database.nodeMetrics(Self.filter(), after: nil, limit: 1).count == 1)
        }
    }

    @Test(arguments: StoreKind.available)
    func `an end that is not stored is not counted`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.append(Sample.accepted(1, owner: database.worker))
            var append = Sample.append(1, epoch: 9, first: 3, last: 3)
            append.end = Sample.end()
            append.end?.rollup = Self.rollup()
            let fenced = append
            await #expect(throws: StorageError.fenced) { try await database.append(fenced) }
            #expect(try await database.runMetrics(Self.filter(), step: .seconds(3600)).isEmpty)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a cost that becomes known later corrects the hour of the end`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.append(Sample.accepted(1, owner: database.worker))
            let attempt = OpenAttempt(
                execution: Sample.execution(1),
                address: "a",
                attempt: 1,
                state: .abandoned,
                offer: "o",
                provider: "p",
                jobID: nil,
                reserved: .zero,
                deadline: Instant(microseconds: 9),
                body: [:]
            )
            var append = Sample.append(1, first: 3, last: 3)
            append.openAttempts = [.put(attempt)]
            append.end = Sample.end()
            append.end?.rollup = Self.rollup()
            try await database.append(append)
            let settlement = Settlement(cost: Money(nano: 5), captured: [], signal: Sample.signal(1)) { _ in
                ([8], Self.rollup(milliseconds: nil, nano: 5))
            }
            #expect(try await database.settle(attempt, settlement) == false)
            #expect(try await database.settle(attempt, settlement) == nil)
            let whole = try #require(try await database.runMetrics(Self.filter(), step: .seconds(86_400))[0])
            #expect(whole.total == 1)
            #expect(whole.cost == Money(nano: 12))
            #expect(whole.durations.percentile(50) == 100)
            let nodes = try await database.nodeMetrics(Self.filter(), after: nil, limit: 10)
            #expect(nodes.map(\.sums.cost) == [Money(nano: 12), Money(nano: 12)])
            #expect(nodes.map(\.sums.runs) == [1, 1])
        }
    }

    @Test(arguments: StoreKind.available)
    func `numbers of old hours are swept`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await Self.end(1, Self.rollup(at: 0), in: database)
            let now = Instant(microseconds: 401 * 24 * Self.hour)
            try await Self.end(2, Self.rollup(at: now.microseconds), in: database)
            var retention = Retention()
            (retention.state, retention.logs, retention.media) = (nil, nil, nil)
            _ = try await database.sweep(retention, at: now)
            let metrics = try await database.runMetrics(Self.filter(hours: 500 * 24), step: .seconds(500 * 86_400))
            #expect(metrics[0]?.total == 1)
            #expect(try await database.nodeMetrics(Self.filter(), after: nil, limit: 10).isEmpty)
        }
    }

    @Test(arguments: [
        (0, 0), (1, 1), (10, 10), (11, 11), (13, 14), (100, 100), (101, 112), (999, 1000), (3_600_000, 4_000_000),
    ])
    func `a duration belongs to the first range that holds it`(milliseconds: Int64, upper: Int64) {
        #expect(LatencyBucket(milliseconds: milliseconds).upper == upper)
    }

    @Test func `ranges grow by an eighth and end`() {
        let bounds = LatencyBucket.bounds
        #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 })
        #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < 10 || Double($1) / Double($0) < 1.2 })
        #expect(LatencyBucket(milliseconds: .max).upper == 1_000_000_000)
    }
}
