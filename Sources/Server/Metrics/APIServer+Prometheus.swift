import Engine
import EventLoop
import FileSystem
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Telemetry
import Values

/// Who may read the numbers of the whole server.
public enum PrometheusAccess: String, Sendable, CaseIterable {
    /// Whoever asks from this machine, not through a proxy; others with a key of scope `*`.
    case loopback
    /// Whoever has a key of scope `*`.
    case key
    /// Everybody.
    case open
    /// Nobody.
    case off
}

extension APIServer {
    /// GET /metrics at the root: the numbers of this server for Prometheus; nothing is looked up that grows with history.
    func prometheus(_ exchange: Exchange) async throws -> Reply {
        try await requireAccess(exchange)
        var text = PrometheusText()
        text.gauge(
            "millrace_build_info",
            "The version of the server.",
            labels: ["version"],
            [([configuration.version], 1)]
        )
        let instruments = runs.instruments
        text.add(instruments.runs)
        text.add(instruments.runSeconds)
        text.add(instruments.attempts)
        text.add(instruments.attemptSeconds)
        addRuns(instruments.gauges.all, to: &text)
        text.add(self.instruments.requests)
        text.add(self.instruments.seconds)
        text.counter("millrace_commits_total", "Transactions on the disk.", database.commits.groups)
        text.counter("millrace_commit_work_total", "Pieces of work in these transactions.", database.commits.pieces)
        let size = try await stored { try await self.database.size() }
        text.gauge("millrace_database_bytes", "The size of the database.", [([], Double(size))])
        if let memory = try await pool.run({ Self.residentBytes() }) {
            text.gauge("process_resident_memory_bytes", "Memory of the process.", [([], Double(memory))])
        }
        let lags = await runs.loopLags()
        text.gauge(
            "millrace_loop_lag_seconds",
            "How long each event loop took just now to come to something new.",
            labels: ["loop"],
            lags.enumerated().map { (["\($0)"], $1 / .seconds(1)) }
        )
        let headers: HTTPFields = ["content-type": PrometheusText.mediaType, "cache-control": "no-store"]
        return .raw(HTTPResponse(status: 200, headers: headers, body: Array(text.text.utf8)))
    }

    private func requireAccess(_ exchange: Exchange) async throws {
        let headers = exchange.request.headers
        switch configuration.prometheus {
        case .open: return
        case .off: throw APIError(.routeNotFound, "There is no GET /metrics. See /docs for all paths.")
        case .loopback:
            // What a proxy on this machine passes on comes from somewhere else.
            let isPassedOn = headers.contains("x-forwarded-for") || headers.contains("forwarded")
            if exchange.request.peer.ip.isLoopback, !isPassedOn { return }
        case .key: break
        }
        try await principal(of: exchange.request, at: exchange.now).require("*")
    }

    private func addRuns(_ standings: [RunGauges.Standing: Int], to text: inout PrometheusText) {
        var phases: [String: Int] = [:]
        var reasons = Dictionary(uniqueKeysWithValues: WaitReason.allCases.map { ($0.rawValue, 0) })
        for phase in ["queued", "running", "waiting", "paused", "cancelling"] { phases[phase] = 0 }
        for (standing, count) in standings {
            phases[standing.phase, default: 0] += count
            if let reason = standing.reason { reasons[reason.rawValue, default: 0] += count }
        }
        func samples(_ counts: [String: Int]) -> [(values: [String], number: Double)] {
            counts.sorted { $0.key < $1.key }.map { ([$0.key], Double($0.value)) }
        }
        text.gauge("millrace_runs", "Runs in memory.", labels: ["phase"], samples(phases))
        text.gauge("millrace_runs_waiting", "Runs in memory that wait.", labels: ["reason"], samples(reasons))
        let queued = standings.reduce(0) { $0 + ($1.key.isQueued ? $1.value : 0) }
        text.gauge("millrace_queue_depth", "Runs in memory that wait for room.", [([], Double(queued))])
    }

    /// The memory of this process that is in use; `nil` where the system does not say.
    private static func residentBytes() -> Int64? {
        guard let bytes = try? Folder.contents(of: "/proc/self/status", atMost: 64 << 10) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("VmRSS:") {
            return Int64(line.filter(\.isNumber)).map { $0 * 1024 }
        }
        return nil
    }
}
