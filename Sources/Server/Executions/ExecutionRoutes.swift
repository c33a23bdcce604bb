import HTTPValues

extension APIServer {
    /// Executions: rows 20 to 30 and 34 of contract §2.
    static let executionRoutes: [Route] = [
        Route(
            row: 20,
            method: .post,
            path: "/workflows/{id}/execute",
            scopes: ["workflows:execute"],
            aliases: ["//workflows/{id}/execute"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "executeWorkflow",
                "Executions",
                "Runs a workflow",
                query: [.wait],
                body: .json("ExecuteInput", isRequired: false),
                answers: [.created("ExecutionStarted"), .json("ExecutionDetails", 200, "It has ended already")],
                errors: startErrors
            )
        ) { try await $0.execute($1) },
        Route(
            row: 21,
            method: .get,
            path: "/workflows/{id}/run",
            scopes: ["workflows:read"],
            operation: Operation(
                "describeRun",
                "Executions",
                "Shows what a run needs and gives",
                answers: [.json("RunDescription")],
                errors: [.workflowNotFound, .invalidGraph]
            )
        ) { try await $0.describeRun($1) },
        Route(
            row: 22,
            method: .post,
            path: "/workflows/{id}/run",
            scopes: ["workflows:execute"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "runWorkflow",
                "Executions",
                "Runs a workflow with inputs only",
                query: [.wait],
                body: .json("RunInput", isRequired: false),
                answers: [.created("RunStarted", 202, "Accepted"), .json("RunEnded", 200, "It has ended already")],
                errors: startErrors
            )
        ) { try await $0.run($1) },
        Route(
            row: 23,
            method: .get,
            path: "/workflows/executions/{id}/poll",
            scopes: ["executions:read"],
            aliases: ["/executions/{id}/poll", "//workflows/executions/{id}/poll", "//executions/{id}/poll"],
            operation: Operation(
                "pollExecution",
                "Executions",
                "Shows the state of an execution",
                query: [.wait, .word("fields", "`status` leaves out the nodes", ["status"])],
                headers: [.ifNoneMatch],
                answers: [.json("ExecutionState"), .notModified],
                errors: [.executionNotFound]
            )
        ) { try await $0.poll($1) },
        Route(
            row: 24,
            method: .get,
            path: "/workflows/executions/{id}",
            scopes: ["executions:read"],
            aliases: ["/executions/{id}", "//workflows/executions/{id}", "//executions/{id}"],
            operation: Operation(
                "getExecution",
                "Executions",
                "Shows everything about an execution",
                query: [.text("include", "`graph`, `logs`, or both with a comma between")],
                answers: [.json("ExecutionDetails")],
                errors: [.executionNotFound]
            )
        ) { try await $0.details($1) },
        Route(
            row: 25,
            method: .get,
            path: "/workflows/{id}/executions",
            scopes: ["executions:read"],
            aliases: ["//workflows/{id}/executions"],
            operation: Operation(
                "listWorkflowExecutions",
                "Executions",
                "Lists the executions of a workflow, newest first",
                query: historyQuery,
                answers: [.json("ExecutionPage")],
                errors: [.workflowNotFound, .invalidFilter]
            )
        ) { try await $0.history($1) },
        Route(
            row: 26,
            method: .get,
            path: "/executions",
            scopes: ["executions:read"],
            operation: Operation(
                "listExecutions",
                "Executions",
                "Lists the executions of all workflows, newest first",
                query: historyQuery + [.text("workflowId", "Keeps those of that workflow", atMost: 40)],
                answers: [.json("ExecutionPage")],
                errors: [.invalidFilter]
            )
        ) { try await $0.allExecutions($1) },
        Route(
            row: 27,
            method: .get,
            path: "/workflows/executions/{id}/events",
            scopes: ["executions:read"],
            aliases: ["/executions/{id}/events"],
            operation: Operation(
                "streamExecution",
                "Executions",
                "Streams what happens in an execution",
                query: [.integer("after", "The last event that is known", 0...Int.max)],
                headers: [.text("Last-Event-ID", "The last event that is known")],
                answers: [.events("Event", "Server-sent events, to the end of the execution")],
                errors: [.executionNotFound]
            )
        ) { try await $0.events($1) },
        Route(
            row: 27,
            method: .get,
            path: "/workflows/{id}/events",
            scopes: ["executions:read"],
            operation: Operation(
                "streamWorkflow",
                "Executions",
                "Streams what happens in all executions of a workflow",
                answers: [.events("Event", "Server-sent events: first `snapshot`, and then what happens, without end")],
                errors: [.workflowNotFound]
            )
        ) { try await $0.workflowEvents($1) },
        control("cancel", row: 28, "Ends an execution; running jobs are cancelled where the vendor can", "CancelInput")
        {
            try await $0.cancel($1)
        },
        control("resume", row: 29, "Ends a pause, or answers what an execution waits for", "ResumeInput", [.notWaiting])
        {
            try await $0.resume($1)
        },
        control("pause", row: 29, "Starts no new node", "PauseInput") { try await $0.pause($1) },
        Route(
            row: 29,
            method: .post,
            path: "/workflows/executions/{id}/retry",
            scopes: ["workflows:execute"],
            aliases: ["/executions/{id}/retry"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "retryExecution",
                "Executions",
                "Makes an execution that takes over what is finished",
                query: [.wait, .word("dryRun", "Whether only the report is wanted", ["true", "false"])],
                body: .json("RetryInput", isRequired: false),
                answers: [
                    .created("ExecutionRetried"), .json("RetryAnswer", 200, "The report, or the ended execution"),
                ],
                errors: [
                    .executionNotFound, .executionRunning, .workflowNotFound, .workflowInactive, .invalidInput,
                    .mediaExpired, .invalidGraph, .dailyExecutionLimit,
                ]
            )
        ) { try await $0.retry($1) },
        Route(
            row: 30,
            method: .get,
            path: "/batches/{batchId}",
            scopes: ["executions:read"],
            operation: Operation(
                "getBatch",
                "Executions",
                "Shows the items of a batch in order",
                query: [.limit, .cursor, .text("status", "Keeps the items of that status")],
                answers: [.json("Batch")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.batch($1) },
        Route(
            row: 34,
            method: .get,
            path: "/executions/{id}/nodes/{nodeId}/items",
            scopes: ["executions:read"],
            aliases: ["/workflows/executions/{id}/nodes/{nodeId}/items"],
            operation: Operation(
                "listNodeItems",
                "Executions",
                "Lists the items of a node in order",
                query: [
                    .limit, .cursor, .text("status", "Keeps the items of that status"),
                    .word("include", "`attempts` shows them", ["attempts"]),
                ],
                answers: [.json("ItemPage")],
                errors: [.executionNotFound, .nodeNotFound]
            )
        ) { try await $0.nodeItems($1) },
    ]

    private static let historyQuery: [Operation.Parameter] = [
        .limit, .cursor, .word("include", "`nodes` shows them", ["nodes"]),
        .text("status", "Keeps those with one of these words of `status`, with commas between", atMost: 100),
        .text("phase", "Keeps those in one of these phases, with commas between", atMost: 200),
        .text("trigger", "Keeps those that one of these started, with commas between", atMost: 200),
        .time("from", "Keeps those accepted then or later"), .time("to", "Keeps those accepted earlier"),
        .text("version", "Keeps those that ran that version, or `draft`", atMost: 20),
        .text("batchId", "Keeps those of that group", atMost: 40),
        .text("customer", "Keeps those made for that customer", atMost: 128),
        .text("metadata.{name}", "Keeps those whose metadata has that text under that name"),
    ]
    /// What may go wrong where a run is accepted.
    static let startErrors: [ErrorCode] = [
        .workflowNotFound, .workflowInactive, .workflowNotPublished, .invalidInput, .invalidGraph, .resourceNotFound,
        .dailyExecutionLimit,
        .insufficientCredits, .budgetExceeded,
    ]

    private static func control(
        _ verb: String,
        row: Int,
        _ summary: String,
        _ body: String,
        _ errors: [ErrorCode] = [],
        handler: @escaping Route.Handler
    ) -> Route {
        Route(
            row: row,
            method: .post,
            path: "/workflows/executions/{id}/\(verb)",
            scopes: ["workflows:execute"],
            aliases: ["/executions/{id}/\(verb)"],
            operation: Operation(
                "\(verb)Execution",
                "Executions",
                summary,
                body: .json(body, isRequired: false),
                answers: [.json("ExecutionState", 202, "Recorded")],
                errors: [.executionNotFound, .executionFinished, .tooManySignals, .forbidden] + errors
            ),
            handler: handler
        )
    }
}
