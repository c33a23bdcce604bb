import HTTPValues

extension APIServer {
    /// Rules about metrics: row 64 of contract §2.
    static let alertRoutes: [Route] = [
        Route(
            row: 64,
            method: .get,
            path: "/alerts",
            scopes: ["executions:read"],
            operation: Operation(
                "listAlerts",
                "Metrics",
                "Lists the alerts, newest first",
                query: [.limit, .cursor],
                answers: [.json("AlertPage")]
            )
        ) { try await $0.listAlerts($1) },
        Route(
            row: 64,
            method: .post,
            path: "/alerts",
            scopes: ["executions:write"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "createAlert",
                "Metrics",
                "Makes an alert",
                body: .json("AlertInput"),
                answers: [.created("Alert")],
                errors: [.missingFields, .invalidField, .workflowNotFound]
            )
        ) { try await $0.createAlert($1) },
        Route(
            row: 64,
            method: .get,
            path: "/alerts/firings",
            scopes: ["executions:read"],
            operation: Operation(
                "listAlertFirings",
                "Metrics",
                "Lists when alerts fired, newest first",
                query: [.limit, .cursor, .text("alertId", "Keeps those of that alert", atMost: 40)],
                answers: [.json("AlertFiringPage")],
                errors: [.invalidFilter]
            )
        ) { try await $0.listFirings($1) },
        Route(
            row: 64,
            method: .get,
            path: "/alerts/{id}",
            scopes: ["executions:read"],
            operation: Operation(
                "getAlert",
                "Metrics",
                "Shows an alert",
                answers: [.json("Alert")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.getAlert($1) },
        Route(
            row: 64,
            method: .patch,
            path: "/alerts/{id}",
            scopes: ["executions:write"],
            operation: Operation(
                "updateAlert",
                "Metrics",
                "Changes an alert; a firing that goes on is over",
                body: .json("AlertPatch"),
                answers: [.json("Alert")],
                errors: [.resourceNotFound, .invalidField, .workflowNotFound, .staleWrite]
            )
        ) { try await $0.patchAlert($1) },
        Route(
            row: 64,
            method: .delete,
            path: "/alerts/{id}",
            scopes: ["executions:write"],
            operation: Operation(
                "deleteAlert",
                "Metrics",
                "Removes an alert; the one that every account has is switched off",
                answers: [.noContent],
                errors: [.resourceNotFound]
            )
        ) { try await $0.deleteAlert($1) },
    ]
}
