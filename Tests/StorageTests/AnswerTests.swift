import Storage
import TestSupport
import Testing
import Values

/// What requests were answered, on every kind of database.
@Suite(.timeLimit(.minutes(2)))
struct AnswerTests {
    private static let day = Duration.seconds(86_400)
    private static let now = Instant(microseconds: 1_800_000_000_000_000)

    private static func answer(_ key: UInt8, _ text: String, account: AccountID = Sample.account, at: Instant = now)
        -> StoredAnswer
    {
        StoredAnswer(
            name: StoredAnswer.Name(account: account, hash: [key]),
            fingerprint: [9, key],
            status: 201,
            location: key == 1 ? "/there" : nil,
            body: Array(text.utf8),
            at: at
        )
    }

    private static func accepted(_ number: Int, _ answer: StoredAnswer) throws -> JournalAppend {
        var append = try Sample.accepted(number, owner: nil)
        append.answer = answer
        return append
    }

    @Test(arguments: StoreKind.available)
    func `an answer is stored with what it announces, or neither is`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            let first = Self.answer(1, "first")
            try await database.append(Self.accepted(1, first))
            #expect(try await database.answer(first.name, at: Self.now) == first)
            await #expect(throws: StorageError.answered) {
                try await database.append(Self.accepted(2, Self.answer(1, "second")))
            }
            #expect(try await database.execution(Sample.execution(1)) != nil)
            #expect(try await database.execution(Sample.execution(2)) == nil)
            #expect(try await database.liveRun(Sample.execution(2)) == nil)
            #expect(try await database.answer(first.name, at: Self.now)?.body == first.body)
            // Others use the same key for themselves.
            let other = Self.answer(1, "other", account: AccountID(high: 9, low: 9))
            try await database.append(Self.accepted(3, other))
            #expect(try await database.answer(other.name, at: Self.now) == other)
        }
    }

    @Test(arguments: StoreKind.available)
    func `a key is free again after a day, and old answers are removed`(kind: StoreKind) async throws {
        try await Store(kind).use { database in
            let first = Self.answer(1, "first")
            try await database.append(Self.accepted(1, first))
            let later = Self.now + Self.day
            #expect(try await database.answer(first.name, at: later + .seconds(-1)) != nil)
            #expect(try await database.answer(first.name, at: later) == nil)
            let second = Self.answer(1, "second", at: later)
            try await database.append(Self.accepted(2, second))
            #expect(try await database.answer(first.name, at: later) == second)
            #expect(try await database.sweep(Retention(), at: later).answers == 0)
            #expect(try await database.sweep(Retention(), at: later + Self.day).answers == 1)
        }
    }

    @Test(arguments: StoreKind.available)
    func `of requests that come to two servers at once one is answered`(kind: StoreKind) async throws {
        let store = try Store(kind)
        // A second server exists only where the database is shared.
        guard store.schema != nil else { return }
        let (one, two) = (try store.open(), try store.open())
        let ended = try await withThrowingTaskGroup(of: Bool.self) { group in
            // They come in opposite order, so that each server has what the other one waits for.
            for number in (0..<20).map({ $0 % 2 == 0 ? $0 : 20 - $0 }) {
                let append = try Self.accepted(number, Self.answer(UInt8(number / 2), "\(number)"))
                group.addTask {
                    do throws(StorageError) {
                        try await (number % 2 == 0 ? one : two).append(append)
                        return true
                    } catch {
                        #expect(error == .answered)
                        return false
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(ended == 10)
        await one.close()
        await two.close()
    }
}
