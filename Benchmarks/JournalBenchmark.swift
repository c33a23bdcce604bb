import Foundation
import Storage
import Values

/// How many durable appends per second does the journal take, one after the other and with 64 at a time; and how many
/// executions are accepted and ended per second?
///
/// On SQLite, and on the PostgreSQL server of `MILLRACE_TEST_DATABASE` when there is one.
enum JournalBenchmark {
    static func run() async throws {
        let server = ProcessInfo.processInfo.environment["MILLRACE_TEST_DATABASE"]
        for url in [nil] + (server.map { [$0] } ?? []) {
            let store = url == nil ? "SQLite WAL, synchronous=FULL" : "PostgreSQL, synchronous_commit=on"
            for writers in [1, 64] {
                let each = writers == 1 ? 500 : 200
                try await report("journal-appends", "\(writers) at a time, 300 bytes, \(store)", "appends/s") {
                    try await appendsPerSecond(url, writers: writers, each: each)
                }
            }
            try await report("journal-executions", "64 at a time, accepted and ended, \(store)", "executions/s") {
                try await executionsPerSecond(url, writers: 64, each: 50)
            }
        }
    }

    private static func report(
        _ name: String,
        _ setup: String,
        _ unit: String,
        _ measure: () async throws -> Double
    ) async throws {
        var rates: [Double] = []
        for repetition in 0..<4 {
            let rate = try await measure()
            if repetition > 0 { rates.append(rate) }
        }
        Report(name, setup, unit: unit, values: rates).print()
    }

    private static func appendsPerSecond(_ url: String?, writers: Int, each: Int) async throws -> Double {
        let time = try await time(url, writers: writers) { database in
            let id = newID()
            try await database.append(accepted(id, owner: database.worker))
            for number in 2...Int64(each) {
                try await database.append(
                    JournalAppend(execution: id, epoch: 1, first: number, last: number, body: body)
                )
            }
        }
        return Double(writers * each) / time
    }

    private static func executionsPerSecond(_ url: String?, writers: Int, each: Int) async throws -> Double {
        let time = try await time(url, writers: writers) { database in
            for _ in 0..<each {
                let id = newID()
                try await database.append(accepted(id, owner: database.worker))
                var last = JournalAppend(execution: id, epoch: 1, first: 2, last: 2, body: body)
                last.end = ExecutionEnd(
                    at: Instant(microseconds: 1),
                    status: "COMPLETED",
                    errorCode: nil,
                    failedNode: nil,
                    spent: .zero,
                    result: body
                )
                try await database.append(last)
            }
        }
        return Double(writers * each) / time
    }

    /// The seconds that so many tasks take for the same work in a database of their own.
    private static func time(
        _ url: String?,
        writers: Int,
        _ work: @escaping @Sendable (Database) async throws -> Void
    ) async throws -> Double {
        let folder = FileManager.default.temporaryDirectory.appending(path: "millrace-bench-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let database =
            if let url {
                try Database.open(url: url) { print($0) }
            } else {
                try Database.open(folder: folder) { print("\($0)") }
            }
        let time = try await seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<writers { group.addTask { try await work(database) } }
                try await group.waitForAll()
            }
        }
        await database.close()
        return time
    }

    private static let body = [UInt8](repeating: 0x20, count: 300)

    private static func newID() -> ExecutionID {
        var random = SystemRandomNumberGenerator()
        return ExecutionID(at: Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)), random: &random)
    }

    private static func accepted(_ id: ExecutionID, owner: WorkerID) -> JournalAppend {
        var first = JournalAppend(execution: id, epoch: 1, first: 1, last: 1, body: body)
        first.owner = owner
        first.accepted = NewExecution(
            id: id,
            account: AccountID(high: 0, low: 0),
            workflow: WorkflowID(high: 0, low: 0),
            version: nil,
            revision: 1,
            graph: graph,
            trigger: "api",
            key: nil,
            createdAt: Instant(microseconds: 0)
        )
        return first
    }

    private static var graph: ContentHash {
        guard let hash = ContentHash(bytes: [UInt8](repeating: 7, count: 32)) else { preconditionFailure("32 bytes") }
        return hash
    }
}
