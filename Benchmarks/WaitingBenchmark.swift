import Foundation
import HTTPValues
import Synchronization
import Values

/// What do 100,000 waiting executions cost: memory, the start after `kill -9`, and how late is each of them woken?
///
/// `MILLRACE_WAITING` sets another number of executions. Each measured delay is kept in `Benchmarks/raw/waiting.jsonl`.
enum WaitingBenchmark {
    private static let all =
        ProcessInfo.processInfo.environment["MILLRACE_WAITING"].flatMap { Int($0) } ?? 100_000
    /// Those whose time comes one after the other, 100 in a second.
    private static let spread = all / 10
    /// Those whose time is one instant, and those that get a signal at one instant.
    private static let burst = all / 20
    private static let atOnce = 64

    static func run() async throws {
        try await ServerUnderTest.with { try await measure($0) }
    }

    private static func measure(_ server: ServerUnderTest) async throws {
        try await server.start()
        let (events, times) = try await (eventWorkflow(server), timeWorkflow(server))
        try await repeated(500, atOnce: 16) {
            _ = try await begin(times, at: "2026-01-01T00:00:00Z", server)
        }
        try await Task.sleep(for: .seconds(5))
        let idle = server.memory
        report("idle-memory", "before anything waits", "MB PSS", [idle])

        let (signalled, rate) = try await beginAll(all - spread - burst) { _ in try await begin(events, at: nil, server)
        }
        // The first time comes when all wait and the server was started again.
        let first = now + Int64(Double(spread + burst) / rate * 1_500_000) + 40_000_000
        let due: @Sendable (Int) -> Int64 = { $0 < spread ? first + Int64($0) * 10_000 : first + 130_000_000 }
        let (timed, _) = try await beginAll(spread + burst) { number in
            try await begin(times, at: Instant(microseconds: due(number)).description, server)
        }
        try await Task.sleep(for: .seconds(10))
        report("waiting-memory", "\(all) executions wait, above idle", "MB PSS", [server.memory - idle])
        report("waiting-peak-memory", "while they were begun, above idle", "MB resident", [server.peakMemory - idle])

        await server.kill()
        let start = try await seconds { try await server.start() }
        report("waiting-start", "from the start of the process to ready, after kill -9", "s", [start])
        try await Task.sleep(for: .seconds(5))
        report("waiting-memory-after-start", "\(all) executions wait, above idle", "MB PSS", [server.memory - idle])
        guard now < first else { throw CocoaError(.userCancelled, userInfo: ["reason": "The times came too early."]) }

        try await sleep(until: due(spread - 1) + 3_000_000)
        let late = try await delays(Array(timed.prefix(spread)), server) { due($0) }
        report("waking-delay", "times come 100 a second for \(spread / 100) s", "s", late)
        try await sleep(until: due(spread) + 12_000_000)
        let together = try await delays(Array(timed.suffix(burst)), server) { due($0 + spread) }
        report("waking-delay", "\(burst) times come at one instant", "s", together)

        let begun = now
        let chosen = Array(signalled.prefix(burst))
        _ = try await beginAll(burst) { number in
            let body: JSON = ["nodeId": "wait", "data": ["number": .int(Int64(number))]]
            _ = try await server.call(.post, "/api/v1/workflows/executions/\(chosen[number])/resume", body)
            return ""
        }
        let answered = try await delays(chosen, server) { _ in begun }
        report("waking-delay", "\(burst) signals are sent at once, over \(atOnce) connections", "s", answered)
        report("waiting-memory-in-the-end", "above idle", "MB PSS", [server.memory - idle])
    }

    // MARK: Workflows

    private static let output: JSON = ["id": "out", "data": ["nodeType": "output:value"]]

    private static func edge(_ source: String, _ from: String, _ target: String, _ to: String) -> JSON {
        [
            "id": .string(source + target), "source": .string(source), "target": .string(target),
            "sourceHandle": .string("out-\(from)"), "targetHandle": .string("in-\(to)"),
        ]
    }

    private static func eventWorkflow(_ server: ServerUnderTest) async throws -> String {
        try await server.makeWorkflow(
            [["id": "wait", "data": ["nodeType": "logic:wait_event"]], output],
            [edge("wait", "event", "out", "value")]
        )
    }

    private static func timeWorkflow(_ server: ServerUnderTest) async throws -> String {
        try await server.makeWorkflow(
            [
                ["id": "time", "data": ["nodeType": "input:text"]],
                ["id": "wait", "data": ["nodeType": "logic:wait_timer", "config": ["until": "{{time.text}}"]]], output,
            ],
            [edge("time", "text", "wait", "value"), edge("wait", "value", "out", "value")]
        )
    }

    private static func begin(_ workflow: String, at time: String?, _ server: ServerUnderTest) async throws -> String {
        let inputs: JSON = time.map { ["time": .string($0)] } ?? [:]
        let answer = try await server.call(.post, "/api/v1/workflows/\(workflow)/execute", ["inputs": inputs])
        guard let id = answer["executionId"]?.string else {
            throw CocoaError(.coderInvalidValue, userInfo: ["answer": answer.text])
        }
        return id
    }

    /// Begins so many things and gives what each brought, in order, and how many were begun in a second.
    private static func beginAll(
        _ count: Int,
        _ begin: @escaping @Sendable (Int) async throws -> String
    ) async throws -> ([String], Double) {
        let made = Mutex((next: 0, ids: [String](repeating: "", count: count)))
        let time = try await seconds {
            try await repeated(count, atOnce: atOnce) {
                let number = made.withLock { made in
                    defer { made.next += 1 }
                    return made.next
                }
                let id = try await begin(number)
                made.withLock { $0.ids[number] = id }
            }
        }
        return (made.withLock { $0.ids }, Double(count) / time)
    }

    // MARK: Figures

    private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1e6) }

    private static func sleep(until time: Int64) async throws {
        try await Task.sleep(for: .microseconds(max(0, time - now)))
    }

    /// How many seconds after a time each execution has ended.
    private static func delays(
        _ ids: [String],
        _ server: ServerUnderTest,
        after time: @escaping @Sendable (Int) -> Int64
    ) async throws -> [Double] {
        let (ends, _) = try await beginAll(ids.count) { number in
            let path = "/api/v1/workflows/executions/\(ids[number])"
            for _ in 0..<100 {
                let seen = try await server.call(.get, path)
                if seen["status"]?.string == "COMPLETED", let end = seen["endTime"]?.string { return end }
                try await Task.sleep(for: .milliseconds(100))
            }
            throw CocoaError(.coderInvalidValue, userInfo: ["execution": ids[number]])
        }
        return ends.enumerated().compactMap { number, end in
            Instant(end).map { Double($0.microseconds - time(number)) / 1e6 }
        }
    }

    /// Prints a figure, the greatest value too, and keeps every value.
    private static func report(_ name: String, _ setup: String, _ unit: String, _ values: [Double]) {
        Report(name, setup, unit: unit, values: values).print()
        if values.count > 1, let most = values.max() {
            Report("\(name)-greatest", setup, unit: unit, values: [most]).print()
        }
        let line: JSON = [
            "at": .string(Instant(microseconds: now).description), "benchmark": .string(name), "setup": .string(setup),
            "unit": .string(unit), "values": .array(values.map { .double($0) }),
        ]
        let path = "Benchmarks/raw/waiting.jsonl"
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        guard let file = FileHandle(forWritingAtPath: path) else { return }
        _ = try? file.seekToEnd()
        try? file.write(contentsOf: Data((line.text + "\n").utf8))
        try? file.close()
    }
}
