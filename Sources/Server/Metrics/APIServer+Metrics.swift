import HTTPValues
import Runtime
import Storage
import Values

extension APIServer {
    /// GET /metrics/summary: what the runs of the account that ended in some hours add up to.
    func metricsSummary(_ exchange: Exchange) async throws -> Reply {
        let window = try MetricsWindow(exchange)
        let filter = try metricsFilter(window, exchange)
        let metrics = try await stored {
            try await self.database.runMetrics(filter, step: .seconds(window.hours * 3600))[0] ?? RunMetrics()
        }
        var object = metrics.summary
        object["from"] = .string(window.from.description)
        object["to"] = .string(window.to.description)
        object["test"] = .bool(filter.isTest)
        object["queueDepth"] = .int(Int64(try await runs.queueDepth(of: exchange.account)))
        return .json(.object(object))
    }

    /// GET /metrics/nodes: the same by workflow, node, type and model, in that order.
    func metricsNodes(_ exchange: Exchange) async throws -> Reply {
        let filter = try metricsFilter(try MetricsWindow(exchange), exchange)
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let after = try exchange.query("cursor").map { text throws(APIError) in
            guard let key = NodeMetrics.Key(cursor: try cursors.decode(text)) else { throw CursorCoding.foreign }
            return key
        }
        let nodes = try await stored {
            try await self.database.nodeMetrics(filter, after: after, limit: limit + 1)
        }
        let page = nodes.prefix(limit)
        let next = nodes.count > limit ? page.last.map { JSON.string(cursors.encode($0.key.cursor)) } : nil
        return .json([
            "data": .array(page.map { .object($0.row) }), "nextCursor": next ?? .null,
            "hasMore": .bool(nodes.count > limit),
        ])
    }

    /// GET /metrics/series: one number over time.
    func metricsSeries(_ exchange: Exchange) async throws -> Reply {
        let window = try MetricsWindow(exchange)
        let filter = try metricsFilter(window, exchange)
        let metric = try word("metric", of: RunMetric.self, exchange) ?? .runs
        let hours = try MetricsWindow.hours("step", exchange, atMost: MetricsWindow.mostHours) ?? 1
        let step = Duration.seconds(hours * 3600)
        let steps = try await stored { try await self.database.runMetrics(filter, step: step) }
        let points = (0..<(window.hours + hours - 1) / hours).map { place -> JSON in
            [
                "at": .string((window.from + step * Int(place)).description),
                "value": (steps[place] ?? RunMetrics()).value(metric).map(metric.json) ?? .null,
            ]
        }
        return .json([
            "metric": .string(metric.rawValue), "stepMs": .int(hours * 3_600_000), "test": .bool(filter.isTest),
            "from": .string(window.from.description), "to": .string(window.to.description),
            "points": .array(points),
        ])
    }

    // MARK: Parts

    private func metricsFilter(_ window: MetricsWindow, _ exchange: Exchange) throws(APIError) -> MetricsFilter {
        var filter = MetricsFilter(account: exchange.account, from: window.from, to: window.to)
        filter.workflow = try filterIdentifier("workflowId", exchange)
        switch exchange.query("test") {
        case nil, "false": filter.isTest = false
        case "true": filter.isTest = true
        default: throw APIError(.invalidFilter, "test must be true or false.", ["param": "test"])
        }
        return filter
    }

    /// One of some words in the query.
    func word<Word: RawRepresentable & CaseIterable>(
        _ name: String,
        of type: Word.Type = Word.self,
        _ exchange: Exchange
    ) throws(APIError) -> Word? where Word.RawValue == String {
        guard let text = exchange.query(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError(.invalidFilter, "\(name) must be one of: \(words).", ["param": .string(name)])
        }
        return word
    }

    /// An identifier in the query.
    func filterIdentifier<Kind>(_ name: String, _ exchange: Exchange) throws(APIError) -> Identifier<Kind>? {
        guard let text = exchange.query(name) else { return nil }
        guard let id = Identifier<Kind>(text) else {
            throw APIError(.invalidFilter, "\(name) is no identifier.", ["param": .string(name)])
        }
        return id
    }
}

/// A number that runs add up to; the raw value is the word on the wire.
enum RunMetric: String, CaseIterable, Sendable {
    case runs, completed, failed, cancelled, successRate, errorRate, p50Ms, p95Ms, p99Ms, creditsUsed, costUsd

    /// A value as it is written: whole numbers without a fraction.
    func json(_ value: Double) -> JSON {
        switch self {
        case .successRate, .errorRate, .costUsd: .double(value)
        default: .int(Int64(value))
        }
    }
}

extension RunMetrics {
    /// One of its numbers; `nil` where there is nothing to tell it from.
    func value(_ metric: RunMetric) -> Double? {
        switch metric {
        case .runs: Double(total)
        case .completed: Double(runs["COMPLETED"] ?? 0)
        case .failed: Double(runs["FAILED"] ?? 0)
        case .cancelled: Double(runs["CANCELLED"] ?? 0)
        case .successRate: successRate
        case .errorRate: successRate.map { 1 - $0 }
        case .p50Ms: durations.percentile(50).map(Double.init)
        case .p95Ms: durations.percentile(95).map(Double.init)
        case .p99Ms: durations.percentile(99).map(Double.init)
        case .creditsUsed: Double(credits)
        case .costUsd: cost.dollars
        }
    }

    /// All of its numbers.
    fileprivate var summary: JSONObject {
        JSONObject(
            RunMetric.allCases.map { JSONObject.Member(key: $0.rawValue, value: value($0).map($0.json) ?? .null) }
        )
    }
}

extension NodeMetrics {
    fileprivate var row: JSONObject {
        let runs = sums.runs
        return [
            "workflowId": .string(key.workflow.description), "nodeId": .string(key.node),
            "nodeType": .string(key.type), "model": key.model.isEmpty ? .null : .string(key.model),
            "runs": .int(runs), "errors": .int(sums.errors),
            "errorRate": runs == 0 ? .null : .double(Double(sums.errors) / Double(runs)),
            "p50Ms": durations.percentile(50).map(JSON.int) ?? .null,
            "p95Ms": durations.percentile(95).map(JSON.int) ?? .null, "retries": .int(sums.retries),
            "fallbacks": .int(sums.fallbacks), "credits": .int(sums.credits), "costUsd": .double(sums.cost.dollars),
            "qualityMean": sums.judged == 0 ? .null : .double(Double(sums.quality) / Double(sums.judged) / 1e6),
        ]
    }
}

extension NodeMetrics.Key {
    fileprivate var cursor: PagePosition {
        let parts: JSON = [.string(workflow.description), .string(node), .string(type), .string(model)]
        return PagePosition(time: Instant(microseconds: 0), id: parts.bytes)
    }

    fileprivate init?(cursor: PagePosition) {
        guard let parts = try? JSON(parsing: cursor.id), let workflow = parts[0]?.string.flatMap(WorkflowID.init),
            let node = parts[1]?.string, let type = parts[2]?.string, let model = parts[3]?.string
        else { return nil }
        self.init(workflow: workflow, node: node, type: type, model: model)
    }
}
