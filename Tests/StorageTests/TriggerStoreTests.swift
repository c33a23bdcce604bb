import Storage
import Testing
import Values

/// Webhooks, schedules, backfills, subscriptions and deliveries on both databases.
struct TriggerStoreTests {
    private static func time(_ second: Int64) -> Instant { Instant(microseconds: second * 1_000_000) }

    private static func schedule(_ number: UInt64, _ name: String) -> ScheduleRow {
        var row = ScheduleRow(
            id: ScheduleID(high: 7, low: number),
            account: Sample.account,
            workflow: Sample.workflow,
            name: name,
            plan: ["everyMs": 1000, "from": 0],
            inputs: ["a": 1],
            isActive: true,
            createdAt: time(Int64(number)),
            updatedAt: time(1)
        )
        (row.nextAt, row.dueAt) = (time(100), time(101))
        return row
    }

    private static func delivery(_ number: UInt64, _ kind: String = "slot") -> Delivery {
        Delivery(
            id: DeliveryID(high: 5, low: number),
            execution: Sample.execution(1),
            kind: kind,
            dueAt: time(1),
            body: [:]
        )
    }

    private static func callback(_ number: UInt64, _ events: [String] = ["*"]) -> CallbackRow {
        CallbackRow(
            id: CallbackID(high: 8, low: number),
            account: Sample.account,
            workflow: nil,
            url: "https://example.com/hook",
            events: events,
            secret: [1, 2],
            isActive: true,
            createdAt: time(1),
            updatedAt: time(1)
        )
    }

    private static func event(_ number: UInt64, _ type: String = "execution.completed") -> OutgoingEvent {
        OutgoingEvent(
            id: OutgoingEventID(high: 6, low: number),
            account: Sample.account,
            workflow: Sample.workflow,
            type: type,
            at: time(50),
            data: ["n": 1]
        )
    }

    @Test(arguments: StoreKind.available)
    func `of several who have seen the same schedule only the first changes it`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.insert(Self.schedule(1, "one"))
            await #expect(throws: StorageError.conflict(what: "a schedule of that name")) {
                try await database.insert(Self.schedule(2, "one"))
            }
            #expect(try await database.nextSchedule() == Self.time(101))
            #expect(try await database.dueSchedules(at: Self.time(100), limit: 9).isEmpty)
            var seen = try #require(try await database.dueSchedules(at: Self.time(101), limit: 9).first)
            #expect(seen.inputs == ["a": 1] && seen.nextAt == Self.time(100) && seen.queued.isEmpty)
            seen.running = Sample.execution(1)
            seen.queued = [Self.time(3), Self.time(4)]
            (seen.nextAt, seen.dueAt) = (Self.time(200), Self.time(200))
            #expect(try await database.update(seen, delivering: [Self.delivery(1)]))
            #expect(try await database.update(seen, delivering: [Self.delivery(2)]) == false)
            let due = try await database.claimDeliveries(at: Self.time(9), until: Self.time(99), limit: 9)
            #expect(due.map(\.id) == [Self.delivery(1).id])
            let now = try #require(try await database.schedule(seen.id))
            #expect(now.revision == 2 && now.queued == seen.queued && now.running == Sample.execution(1))
            // The end of the run lets what waits go on at once.
            try await database.noteEnd(
                of: Sample.execution(1),
                seen.id,
                removing: Self.delivery(1).id,
                at: Self.time(150)
            )
            let free = try #require(try await database.schedule(seen.id))
            #expect(free.running == nil && free.dueAt == Self.time(150) && free.revision == 3)
            #expect(try await database.schedules(of: Sample.account, workflow: nil, after: nil, limit: 9).count == 1)
            #expect(try await database.removeSchedule(seen.id))
            #expect(try await database.nextSchedule() == nil)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a backfill goes on once for each end, however often it is told`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            let row = {
                var row = BackfillRow(
                    id: BackfillID(high: 1, low: 1),
                    schedule: ScheduleID(high: 7, low: 1),
                    account: Sample.account,
                    from: Self.time(1),
                    to: Self.time(3),
                    times: [Self.time(1), Self.time(2), Self.time(3)],
                    concurrency: 1,
                    createdAt: Self.time(9)
                )
                row.started = 1
                return row
            }()
            try await database.insert(row, delivering: [Self.delivery(1)])
            func note(_ outcome: BackfillRow.Outcome, _ number: UInt64) async throws {
                try await database.note(outcome, of: row.id, removing: Self.delivery(number).id, at: Self.time(10)) {
                    #expect($0.times[$1] == Self.time(Int64($1) + 1))
                    return Self.delivery(UInt64($1) + 1)
                }
            }
            for _ in 0..<3 { try await note(.completed, 1) }
            let first = try #require(try await database.backfill(row.id))
            #expect(first.started == 2 && first.completed == 1 && first.status == "running")
            try await note(.failed, 2)
            try await note(.skipped, 3)
            let last = try #require(try await database.backfill(row.id))
            #expect(last.started == 3 && last.completed == 1 && last.failed == 1 && last.skipped == 1)
            #expect(last.status == "completed" && last.endedAt == Self.time(10) && last.times == row.times)
            #expect(try await database.cancelBackfill(row.id) == false)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a webhook spends no more on a day than it may, and gives back what a run did not need`(
        kind: StoreKind
    ) async throws {
        try await Store(kind).use { database in
            let webhook = WebhookID(high: 1, low: 1)
            let hold = WebhookHold(webhook: webhook, day: 20_000, amount: Money(nano: 40), limit: Money(nano: 100))
            func accept(_ number: Int) async throws(StorageError) {
                var append = JournalAppend(
                    execution: Sample.execution(number),
                    epoch: 1,
                    first: 1,
                    last: 1,
                    body: [1]
                )
                append.accepted = (try? Sample.accepted(number, owner: database.worker))?.accepted
                append.owner = database.worker
                append.hold = hold
                try await database.append(append)
            }
            try await accept(1)
            try await accept(2)
            await #expect(throws: StorageError.overSpendCap) { try await accept(3) }
            #expect(try await database.execution(Sample.execution(3)) == nil)
            var end = Sample.append(1, first: 2, last: 2)
            end.end = Sample.end()
            end.release = hold
            try await database.append(end)
            #expect(try await database.spent(by: webhook, day: 20_000) == Money(nano: 45))
            try await accept(3)
            #expect(try await database.spent(by: webhook, day: 20_000) == Money(nano: 85))
        }
    }

    @Test(arguments: StoreKind.available)
    func `a workflow has one webhook, which goes with it`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            var row = WebhookRow(
                id: WebhookID(high: 1, low: 1),
                workflow: Sample.workflow,
                account: Sample.account,
                isEnabled: true,
                secret: [9],
                settings: ["maxPerMinute": 5],
                createdAt: Self.time(1),
                updatedAt: Self.time(1)
            )
            try await database.put(row)
            row.id = WebhookID(high: 1, low: 2)
            row.secret = nil
            try await database.put(row)
            #expect(try await database.webhook(WebhookID(high: 1, low: 1)) == nil)
            let stored = try #require(try await database.webhook(of: Sample.workflow))
            #expect(stored.id == row.id && stored.secret == nil && stored.settings == ["maxPerMinute": 5])
            #expect(try await database.removeWebhook(of: Sample.workflow))
            #expect(try await database.removeWebhook(of: Sample.workflow) == false)
        }
    }

    @Test(arguments: StoreKind.available)
    func `an event is written where somebody listens, and told to each who wants it once`(
        kind: StoreKind
    ) async throws {
        try await Store(kind).use { database in
            try await database.enqueue(Self.event(1))
            #expect(try await database.nextDelivery() == nil)
            #expect(try await database.insert(Self.callback(1)))
            #expect(try await database.insert(Self.callback(2, ["execution.failed"])))
            #expect(try await database.subscribers() == [Sample.account])
            try await database.enqueue(Self.event(2))
            let place = try #require(
                try await database.claimDeliveries(at: Self.time(60), until: Self.time(99), limit: 9).first
            )
            let event = try OutgoingEvent(place)
            #expect(event.id == Self.event(2).id && event.data == ["n": 1] && event.workflow == Sample.workflow)
            let names = (1...9).map { DeliveryID(high: 2, low: $0) }
            for _ in 0..<2 { try await database.fanOut(event, at: Self.time(60), names) }
            #expect(try await database.nextDelivery() == nil)
            let notices = try await database.claimDeliveries(
                .notices,
                at: Self.time(60),
                until: Self.time(99),
                limit: 9
            )
            #expect(notices.count == 1 && notices.first?.kind == Database.notice)
            let notice = try #require(notices.first)
            let told = try #require(try await database.callbackDelivery(notice.id))
            #expect(told.callback == Self.callback(1).id && told.event.id == event.id && told.status == .pending)
        }
    }

    @Test(arguments: StoreKind.available)
    func `attempts are counted, and who takes nothing for long is switched off`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            #expect(try await database.insert(Self.callback(1)))
            try await database.tell(Self.callback(1), Self.event(1), as: DeliveryID(high: 2, low: 1))
            func note(_ isTaken: Bool, at second: Int64, next: Int64?) async throws -> Bool {
                let told = try #require(try await database.callbackDelivery(DeliveryID(high: 2, low: 1)))
                return try await database.note(
                    CallbackAttempt(
                        isTaken: isTaken,
                        responseCode: isTaken ? 204 : 500,
                        durationMs: 7,
                        error: isTaken ? nil : "no",
                        at: Self.time(second),
                        nextAt: next.map(Self.time),
                        letter: nil,
                        patience: Self.time(second - 1000)
                    ),
                    of: told
                )
            }
            #expect(try await note(false, at: 100, next: 200) == false)
            #expect(try await database.nextDelivery(.notices) == Self.time(200))
            #expect(try await note(true, at: 200, next: nil) == false)
            #expect(try await database.nextDelivery(.notices) == nil)
            var row = try #require(try await database.callback(Self.callback(1).id))
            #expect(row.failingSince == nil && row.failures == 0)
            let done = try #require(try await database.callbackDelivery(DeliveryID(high: 2, low: 1)))
            #expect(done.status == .delivered && done.attempts == 2 && done.responseCode == 204 && done.durationMs == 7)
            for _ in 0..<2 { try await database.redeliver(done, at: Self.time(300)) }
            #expect(try await note(false, at: 300, next: 400) == false)
            #expect(try await note(false, at: 1500, next: 1600))
            row = try #require(try await database.callback(row.id))
            #expect(!row.isActive && row.disabledReason?.contains("no") == true && row.failures == 2)
            let page = try await database.deliveries(of: row.id, status: .pending, after: nil, limit: 9)
            #expect(page.count == 1)
            #expect(try await database.deliveries(of: row.id, status: .failed, after: nil, limit: 9).isEmpty)
            #expect(try await database.removeCallback(row.id))
            #expect(try await database.nextDelivery(.notices) == nil)
        }
    }
}
