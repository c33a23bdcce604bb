import Foundation
import Storage
import Values

/// How many durable appends per second does the journal take, one after the other and with 64 at a time?
enum JournalBenchmark {
    static func run() async throws {
        for writers in [1, 64] {
            var rates: [Double] = []
            for repetition in 0..<4 {
                let rate = try await appendsPerSecond(writers: writers, each: writers == 1 ? 500 : 200)
                if repetition > 0 { rates.append(rate) }
            }
            Report(
                "journal-appends",
                "\(writers) at a time, 300 bytes, SQLite WAL, synchronous=FULL",
                unit: "appends/s",
                values: rates
            ).print()
        }
    }

    private static func appendsPerSecond(writers: Int, each: Int) async throws -> Double {
        let folder = FileManager.default.temporaryDirectory.appending(path: "millrace-bench-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let database = try Database.open(folder: folder) { error in print("\(error)") }
        let body = [UInt8](repeating: 0x20, count: 300)
        let time = try await seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<writers {
                    group.addTask {
                        let id = ExecutionID(high: 1, low: UInt64(writer))
                        var first = JournalAppend(execution: id, epoch: 1, first: 1, last: 1, body: body)
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
                        try await database.append(first)
                        for number in 2...Int64(each) {
                            try await database.append(
                                JournalAppend(execution: id, epoch: 1, first: number, last: number, body: body)
                            )
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        await database.close()
        return Double(writers * each) / time
    }

    private static var graph: ContentHash {
        guard let hash = ContentHash(bytes: [UInt8](repeating: 7, count: 32)) else { preconditionFailure("32 bytes") }
        return hash
    }
}
