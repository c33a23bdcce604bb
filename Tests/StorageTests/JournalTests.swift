import Storage
import TestSupport
import Testing
import Values

/// What the journal promises, on every kind of database.
@Suite(.timeLimit(.minutes(2)))
struct JournalTests {
    @Test(arguments: StoreKind.available)
    func `keeps what was appended, in order, also after it was opened again`(kind: StoreKind) async throws {
        let store = try Store(kind)
        try await store.use { database in
            try await database.append(Sample.accepted(1, owner: database.worker))
            try await database.append(Sample.append(1, first: 3, last: 5))
            try await database.append(Sample.append(1, first: 6, last: 6))
        }
        try await store.use { database in
            let entries = try await database.journal(of: Sample.execution(1), after: 0, limit: 10)
            #expect(entries.map(\.first) == [1, 3, 6])
            #expect(entries.map(\.last) == [2, 5, 6])
            #expect(entries.map(\.body) == [[1, 2], [3], [6]])
            let tail = try await database.journal(of: Sample.execution(1), after: 4, limit: 10)
            #expect(tail.map(\.first) == [3, 6])
            let row = try #require(try await database.execution(Sample.execution(1)))
            #expect(row.status == "RUNNING")
            #expect(row.facts.revision == 4)
            #expect(row.facts.version == nil)
            #expect(row.facts.trigger == "api")
            #expect(try await database.graph(Sample.hash(1)) == Array("{}".utf8))
        }
    }

    @Test(arguments: StoreKind.available, [(Int64(2), Int64(3)), (1, 4), (1, 2), (0, 3)])
    func `refuses an append of another epoch or place, and stores nothing of it`(
        kind: StoreKind,
        wrong: (epoch: Int64, first: Int64)
    ) async throws {
        try await Store(kind).use { database in
            try await database.append(Sample.accepted(1, owner: database.worker))
            #expect(try await database.post(Sample.signal(1), to: Sample.execution(1)) == .stored)
            var append = Sample.append(1, epoch: wrong.epoch, first: wrong.first, last: wrong.first)
            append.consumed = [Sample.signal(1).id]
            append.end = Sample.end()
            await #expect(throws: StorageError.fenced) { try await database.append(append) }
            #expect(try await database.journal(of: Sample.execution(1), after: 0, limit: 10).count == 1)
            #expect(try await database.signals(of: Sample.execution(1)).count == 1)
            #expect(try await database.execution(Sample.execution(1))?.status == "RUNNING")
        }
    }

    @Test(arguments: StoreKind.available)
    func `leaves the fenced ones out of a group and stores the others`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            for number in 0..<60 { try await database.append(Sample.accepted(number, owner: database.worker)) }
            let landed = await withTaskGroup(of: Int?.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        var append = Sample.append(number, epoch: number % 3 == 0 ? 7 : 1, first: 3, last: 3)
                        if number % 2 == 0 { append.end = Sample.end() }
                        do throws(StorageError) {
                            try await database.append(append)
                            return number
                        } catch {
                            #expect(error == .fenced)
                            return nil
                        }
                    }
                }
                return await group.reduce(into: Set<Int>()) { landed, number in
                    if let number { landed.insert(number) }
                }
            }
            #expect(landed == Set((0..<60).filter { $0 % 3 != 0 }))
            for number in 0..<60 {
                let entries = try await database.journal(of: Sample.execution(number), after: 0, limit: 10)
                #expect(entries.count == (number % 3 == 0 ? 1 : 2))
                let row = try await database.execution(Sample.execution(number))
                #expect(row?.status == (number % 3 != 0 && number % 2 == 0 ? "COMPLETED" : "RUNNING"))
            }
        }
    }

    @Test(arguments: StoreKind.available)
    func `one that cannot be stored does not disturb those it shares a commit with`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.append(Sample.accepted(0, owner: database.worker))
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        // Every fourth one is there already.
                        let accepted = try? Sample.accepted(number % 4 == 0 ? 0 : number, owner: nil)
                        guard let accepted else { return }
                        do throws(StorageError) {
                            try await database.append(accepted)
                            #expect(number % 4 != 0)
                        } catch {
                            guard case .conflict = error else { return _ = Issue.record("\(error)") }
                            #expect(number % 4 == 0)
                        }
                    }
                }
            }
            #expect(try await database.liveRuns(after: nil, limit: 100).count == 31)
        }
    }

    @Test(arguments: StoreKind.available)
    func `an end keeps the result and takes the run out of those that live`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.append(Sample.accepted(1, owner: database.worker))
            var last = Sample.append(1, first: 3, last: 3)
            last.end = Sample.end("FAILED")
            let media = MediaReference(hash: try Sample.hash(9), mimeType: "image/png", bytes: 1)
            _ = try await database.announce(media, at: Instant(microseconds: 1))
            last.captured = [media.hash]
            try await database.append(last)
            var whole = try Sample.accepted(2, owner: database.worker)
            whole.end = Sample.end()
            try await database.append(whole)
            #expect(try await database.liveRuns(after: nil, limit: 10).isEmpty)
            let row = try #require(try await database.execution(Sample.execution(1)))
            #expect(row.status == "FAILED")
            #expect(row.result == [9, 9])
            #expect(row.spent == Money(nano: 5))
            #expect(try await database.execution(Sample.execution(2))?.status == "COMPLETED")
            let workflow = ExecutionFilter(.workflow(Sample.workflow), of: Sample.account)
            let rows = try await database.executions(workflow, after: nil, limit: 10, withResult: true).rows
            #expect(rows.map(\.facts.id) == [Sample.execution(2), Sample.execution(1)])
            let place = PagePosition(time: rows[0].facts.createdAt, id: rows[0].facts.id.bytes)
            let account = ExecutionFilter(.account(Sample.account), of: Sample.account)
            let next = try await database.executions(account, after: place, limit: 10, withResult: false).rows
            #expect(next.map(\.facts.id) == [Sample.execution(1)])
            #expect(try await database.post(Sample.signal(1), to: Sample.execution(1)) == .finished)
        }
    }

    @Test(arguments: StoreKind.available)
    func `signals wait in their order until they are taken over, equal ones once`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.append(Sample.accepted(1, owner: nil))
            #expect(try await database.post(Sample.signal(2), to: Sample.execution(1)) == .stored)
            #expect(try await database.post(Sample.signal(1), to: Sample.execution(1)) == .stored)
            #expect(try await database.post(Sample.signal(3, dedupe: "d1"), to: Sample.execution(1)) == .repeated)
            let waiting = try await database.signals(of: Sample.execution(1))
            #expect(waiting.map(\.id) == [Sample.signal(1).id, Sample.signal(2).id])
            #expect(waiting[0].body == ["reason": "enough"])
            var append = Sample.append(1, first: 3, last: 3)
            append.consumed = [Sample.signal(1).id]
            try await database.append(append)
            #expect(try await database.signals(of: Sample.execution(1)).map(\.id) == [Sample.signal(2).id])
            #expect(try await database.post(Sample.signal(1), to: Sample.execution(9)) == .finished)
        }
    }

    @Test(arguments: StoreKind.available)
    func `signals that change nothing leave no trace in the journal`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.append(Sample.accepted(1, owner: nil))
            for number in 1...2 {
                #expect(try await database.post(Sample.signal(number), to: Sample.execution(1)) == .stored)
                var append = JournalAppend(execution: Sample.execution(1), epoch: 1, first: 3, last: 2, body: [])
                append.consumed = [Sample.signal(number).id]
                try await database.append(append)
            }
            try await database.append(Sample.append(1, first: 3, last: 4))
            let entries = try await database.journal(of: Sample.execution(1), after: 0, limit: 10)
            #expect(entries.map(\.first) == [1, 3])
            #expect(try await database.signals(of: Sample.execution(1)).isEmpty)
        }
    }

    @Test(arguments: StoreKind.available)
    func `no more than 1,000 signals wait for a run`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            try await database.append(Sample.accepted(1, owner: nil))
            try await withThrowingTaskGroup(of: SignalResult.self) { group in
                for number in 0..<1000 {
                    group.addTask { try await database.post(Sample.signal(number), to: Sample.execution(1)) }
                }
                for try await result in group { #expect(result == .stored) }
            }
            #expect(try await database.post(Sample.signal(1000), to: Sample.execution(1)) == .full)
        }
    }
}
