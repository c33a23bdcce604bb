import Storage
import Testing
import Values

/// Counters, purses and the ledger, on every kind of database.
@Suite(.timeLimit(.minutes(2)))
struct MoneyTests {
    private static let payer = Payer(account: Sample.account, workflow: Sample.workflow, key: nil, customer: "Acme")
    private static let noon = Instant(microseconds: 86_400_000_000 * 20_000)

    private static func budget(_ amount: Int64, _ period: Budget.Period = .total) -> Budget {
        Budget(
            id: BudgetID(high: 5, low: UInt64(amount)),
            account: Sample.account,
            name: "b",
            scope: .account,
            target: "",
            period: period,
            unit: .usd,
            amount: amount,
            isHard: true,
            warnPercent: 50,
            createdAt: noon
        )
    }

    private static func settled(_ number: Int, nano: Int64, at: Instant = noon) throws -> JournalAppend {
        var append = try Sample.accepted(number, owner: nil)
        append.execution = Sample.execution(number)
        var money = MoneyRecord(payer: payer)
        var entry = LedgerEntry(kind: .settle, number: 2 << 16, at: at, nano: nano, credits: 1)
        entry.reference = "r\(number)"
        entry.usage.images = 2
        money.entries = [entry]
        money.counts = [
            UsageCount(
                day: at.day,
                nodeType: "t",
                model: "m",
                attempts: 1,
                nano: nano,
                credits: 1,
                usage: entry.usage
            )
        ]
        append.money = money
        return append
    }

    @Test(arguments: StoreKind.available)
    func `many at once add up, and a refused append counts nothing`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            #expect(try await database.insert(Self.budget(1000)))
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    // The same execution twice is refused, whichever comes first.
                    group.addTask { try? await database.append(try Self.settled(number / 2, nano: 7)) }
                }
            }
            let usage = try await database.usage(of: Sample.account, from: 0, to: 30_000)
            #expect(usage.total.cost == Money(nano: 350) && usage.total.attempts == 50)
            #expect(usage.total.usage.images == 100 && usage.total.runs == 50)
            #expect(usage.rows[.customer]?.map(\.name).contains("Acme") == true)
            #expect(try await database.ledger(of: Sample.account, after: nil, limit: 200).count == 50)
            let state = try #require(try await database.budget(Self.budget(1000).id, at: Self.noon))
            #expect(state.spent == 350 && state.reserved == 0)
            try await database.append(try Self.settled(99, nano: 200))
            #expect(try await database.budget(Self.budget(1000).id, at: Self.noon)?.spent == 550)
        }
    }

    @Test(arguments: StoreKind.available)
    func `three servers hold no more of a purse than there is`(kind: StoreKind) async throws {
        // SQLite has one server; its connections stand for others.
        let store = try Store(kind)
        let count = kind == .postgreSQL ? 3 : 1
        var servers: [Database] = []
        for _ in 0..<count { servers.append(try store.open()) }
        let account = try await servers[0].account(named: "a", makingIt: Sample.account, at: Self.noon)
        _ = try await servers[0].grant(100, to: account, note: "", at: Self.noon)
        #expect(try await servers[0].insert(Self.budget(70, .day)))
        let purses = [Purse(account: account), Purse(Self.budget(70, .day), onDay: Self.noon.day)]
        let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<60 {
                let server = servers[number % count]
                group.addTask {
                    var append = try Sample.accepted(number, owner: nil)
                    append.holds = purses.map { HoldOrder(purse: $0, amount: 3) }
                    do {
                        try await server.append(append)
                        return true
                    } catch StorageError.short {
                        return false
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(accepted == 23)
        let state = try #require(try await servers[0].budget(Self.budget(70, .day).id, at: Self.noon))
        #expect(state.reserved == 69)
        #expect(try await servers[0].credits(of: account) == Credits(balance: 100, reserved: 69))
        for server in servers { await server.close() }
    }

    @Test func `an invoice is compared call by call`() async throws {
        try await Store(.sqlite).use { database in
            for number in 1...3 { try await database.append(try Self.settled(number, nano: Int64(number))) }
            let rows = try await database.paid(
                from: Instant(microseconds: 0),
                until: Self.noon + .seconds(1),
                after: nil,
                limit: 10
            )
            let result = Reconciliation(
                [
                    InvoiceLine(reference: "r1", amount: Money(nano: 1)),
                    InvoiceLine(reference: "r2", amount: Money(nano: 3)),
                    InvoiceLine(reference: "r4", amount: Money(nano: 4)),
                ],
                rows
            )
            #expect(result.matches == 1 && result.matched == Money(nano: 1) && !result.isClean)
            #expect(result.differences.map(\.reference) == ["r2"])
            #expect(result.unbooked.map(\.reference) == ["r4"] && result.uninvoiced.map(\.reference) == ["r3"])
            #expect(result.invoiced == Money(nano: 8) && result.booked == Money(nano: 6))
        }
    }

    @Test(
        arguments: [
            (Budget.Period.day, 20_000, 20_000, 20_001), (.month, 20_000, 19_997, 20_028), (.total, 20_000, 0, nil),
        ] as [(Budget.Period, Int64, Int64, Int64?)]
    )
    func `a period begins and ends with its day or month`(period: Budget.Period, day: Int64, start: Int64, end: Int64?)
    {
        #expect(period.start(ofDay: day) == start)
        #expect(period.end(ofStart: start) == end)
    }
}
