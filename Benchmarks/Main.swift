/// Runs all benchmarks, or those that are named: json, expression, compile, layout, journal, requests, start, http, linear, fanout, memory,
/// and, only when named, ``WaitingBenchmark`` (waiting), ``HistoryBenchmark`` (history) and those of ``LoadBenchmarks``, which take minutes.
@main
struct Main {
    private static let own = ["json", "expression", "compile", "layout", "journal", "requests", "waiting", "history"]

    static func main() async throws {
        let names = Array(CommandLine.arguments.dropFirst())
        if names.isEmpty || names.contains("json") { try await JSONBenchmark.run() }
        if names.isEmpty || names.contains("expression") { try await ExpressionBenchmark.run() }
        if names.isEmpty || names.contains("compile") { try await CompileBenchmark.run() }
        if names.isEmpty || names.contains("layout") { try await LayoutBenchmark.run() }
        if names.isEmpty || names.contains("journal") { try await JournalBenchmark.run() }
        if names.isEmpty || names.contains("requests") { try await RequestBenchmark.run() }
        if names.isEmpty { try await ServerBenchmarks.run(only: nil) }
        for name in names {
            if LoadBenchmarks.names.contains(name) {
                try await LoadBenchmarks.run(name)
            } else if !own.contains(name) {
                try await ServerBenchmarks.run(only: name)
            }
        }
        if names.contains("waiting") { try await WaitingBenchmark.run() }
        if names.contains("history") { try await HistoryBenchmark.run() }
    }
}
