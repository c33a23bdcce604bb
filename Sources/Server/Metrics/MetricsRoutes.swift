import HTTPValues

extension APIServer {
    /// Metrics: row 64 of contract §2.
    static let metricsRoutes: [Route] = [
        Route(
            row: 64,
            method: .get,
            path: "/metrics/summary",
            scopes: ["executions:read"],
            operation: Operation(
                "getMetricsSummary",
                "Metrics",
                "Adds up the runs that ended in some hours",
                query: metricsQuery,
                answers: [.json("MetricsSummary")],
                errors: [.invalidFilter]
            )
        ) { try await $0.metricsSummary($1) },
        Route(
            row: 64,
            method: .get,
            path: "/metrics/nodes",
            scopes: ["executions:read"],
            operation: Operation(
                "listNodeMetrics",
                "Metrics",
                "Adds up the runs of each node and model",
                query: metricsQuery + [.limit, .cursor],
                answers: [.json("NodeMetricsPage")],
                errors: [.invalidFilter]
            )
        ) { try await $0.metricsNodes($1) },
        Route(
            row: 64,
            method: .get,
            path: "/metrics/series",
            scopes: ["executions:read"],
            operation: Operation(
                "getMetricsSeries",
                "Metrics",
                "Shows one number over time",
                query: metricsQuery + [
                    .word("metric", "The number; `runs` unless it is said", RunMetric.allCases.map(\.rawValue)),
                    .text("step", "The length of a step in whole hours or days, such as `1h`", atMost: 6),
                ],
                answers: [.json("MetricsSeries")],
                errors: [.invalidFilter]
            )
        ) { try await $0.metricsSeries($1) },
        Route(
            row: 66,
            method: .get,
            path: "/metrics",
            scopes: nil,
            isAtRoot: true,
            operation: Operation(
                "getPrometheus",
                "Server",
                "Shows the numbers of this server to Prometheus; the setting `metrics` says to whom",
                answers: [.other("text/plain", "The exposition format 0.0.4")],
                errors: [
                    .missingAuthorization, .invalidAPIKeyFormat, .invalidAPIKey, .apiKeyExpired, .insufficientScope,
                ]
            )
        ) { try await $0.prometheus($1) },
    ]

    private static let metricsQuery: [Operation.Parameter] = [
        .text("window", "Whole hours or days up to now, such as `24h` or `7d`; at most 31 days", atMost: 6),
        .text("workflowId", "Keeps the runs of that workflow", atMost: 40),
        .word("test", "`true` for the runs in which the sandbox stood for vendors", ["true", "false"]),
    ]
}
