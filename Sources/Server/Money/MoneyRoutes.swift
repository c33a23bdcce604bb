import HTTPValues

extension APIServer {
    /// Estimates, usage, the ledger and budgets: rows 10, 50 and 65 of contract §2.
    static let moneyRoutes: [Route] = [
        Route(
            row: 10,
            method: .post,
            path: "/workflows/{id}/estimate",
            scopes: ["workflows:read"],
            operation: Operation(
                "estimateWorkflow",
                "Money",
                "Says what a run will probably cost",
                body: .json("ExecuteInput", isRequired: false),
                answers: [.json("EstimateAnswer")],
                errors: [.workflowNotFound, .invalidInput, .invalidGraph, .resourceNotFound]
            )
        ) { try await $0.estimate($1) },
        Route(
            row: 50,
            method: .get,
            path: "/developer/usage",
            scopes: ["usage:read"],
            operation: Operation(
                "getUsage",
                "Money",
                "Shows credits, limits, and what was used",
                query: [
                    .text("from", "The first day, as `2026-11-01`; otherwise the first of this month", atMost: 30),
                    .text("to", "The last day; otherwise today", atMost: 30),
                ],
                answers: [.json("UsageAnswer")],
                errors: [.invalidFilter]
            )
        ) { try await $0.usage($1) },
        Route(
            row: 50,
            method: .get,
            path: "/developer/ledger",
            scopes: ["usage:read"],
            operation: Operation(
                "listLedger",
                "Money",
                "Lists every movement of money, newest first",
                query: [.limit, .cursor],
                answers: [.json("LedgerPage")],
                errors: [.invalidCursor]
            )
        ) { try await $0.listLedger($1) },
        Route(
            row: 65,
            method: .get,
            path: "/budgets",
            scopes: ["usage:read"],
            operation: Operation(
                "listBudgets",
                "Money",
                "Lists the budgets, newest first",
                query: [.limit, .cursor],
                answers: [.json("BudgetPage")],
                errors: [.invalidCursor]
            )
        ) { try await $0.listBudgets($1) },
        Route(
            row: 65,
            method: .post,
            path: "/budgets",
            scopes: ["usage:write"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "createBudget",
                "Money",
                "Makes a budget",
                body: .json("BudgetInput"),
                answers: [.created("Budget")],
                errors: [.missingFields]
            )
        ) { try await $0.createBudget($1) },
        Route(
            row: 65,
            method: .get,
            path: "/budgets/{id}",
            scopes: ["usage:read"],
            operation: Operation(
                "getBudget",
                "Money",
                "Shows a budget and what is used of it",
                answers: [.json("Budget")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.getBudget($1) },
        Route(
            row: 65,
            method: .patch,
            path: "/budgets/{id}",
            scopes: ["usage:write"],
            operation: Operation(
                "updateBudget",
                "Money",
                "Changes name, limit, kind or share of a budget",
                body: .json("BudgetPatch"),
                answers: [.json("Budget")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.patchBudget($1) },
        Route(
            row: 65,
            method: .delete,
            path: "/budgets/{id}",
            scopes: ["usage:write"],
            operation: Operation(
                "deleteBudget",
                "Money",
                "Removes a budget",
                answers: [.noContent],
                errors: [.resourceNotFound]
            )
        ) { try await $0.deleteBudget($1) },
    ]
}
