import Foundation

/// Prints one figure with how it came about, as a JSON line.
struct Report: Encodable {
    var benchmark: String
    var setup: String
    var unit: String
    var repetitions: Int
    var median: Double
    var p95: Double
    var load1: Double

    /// - Parameter values: One value for each repetition, warm-up left out.
    init(_ benchmark: String, _ setup: String, unit: String, values: [Double]) {
        self.benchmark = benchmark
        self.setup = setup
        self.unit = unit
        repetitions = values.count
        let sorted = values.sorted()
        median = sorted.isEmpty ? 0 : Self.rounded(sorted[sorted.count / 2])
        p95 = sorted.isEmpty ? 0 : Self.rounded(sorted[min(sorted.count - 1, sorted.count * 95 / 100)])
        let loads = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
        load1 = loads.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    func print() {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return }
        FileHandle.standardOutput.write(data + Data("\n".utf8))
    }

    private static func rounded(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        let scale = pow(10, 3 - (log10(value)).rounded(.up))
        return (value * scale).rounded() / scale
    }
}

/// The time that something takes, in seconds.
func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try await body()
    let (seconds, attoseconds) = (clock.now - start).components
    return Double(seconds) + Double(attoseconds) / 1e18
}

/// Does something many times, some at once.
func repeated(
    _ count: Int,
    atOnce: Int,
    _ body: @escaping @Sendable () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<atOnce {
            let share = count / atOnce + (worker < count % atOnce ? 1 : 0)
            group.addTask { for _ in 0..<share { try await body() } }
        }
        try await group.waitForAll()
    }
}
