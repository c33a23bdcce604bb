import HTTPValues
import Storage

extension APIServer {
    /// Dead letters: row 62 of contract §2.
    static let deadLetterRoutes: [Route] = [
        Route(
            row: 62,
            method: .get,
            path: "/dead-letters",
            scopes: ["executions:write"],
            operation: Operation(
                "listDeadLetters",
                "Dead letters",
                "Lists what failed for good, newest first",
                query: [
                    .limit, .cursor, .word("status", "Keeps that status", DeadLetter.Status.allCases.map(\.rawValue)),
                    .word("kind", "Keeps that kind", DeadLetter.Kind.allCases.map(\.rawValue)),
                    .text("workflowId", "Keeps those of a workflow"),
                    .text("executionId", "Keeps those of an execution"),
                ],
                answers: [.json("DeadLetterPage")],
                errors: [.invalidFilter]
            )
        ) { try await $0.listDeadLetters($1) },
        Route(
            row: 62,
            method: .post,
            path: "/dead-letters/{id}/retry",
            scopes: ["executions:write"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "retryDeadLetter",
                "Dead letters",
                "Tries again what failed",
                body: .json("RedriveInput", isRequired: false),
                answers: [.created("DeadLetterRetried", 202, "Accepted")],
                errors: [
                    .resourceNotFound, .executionNotFound, .deadLetterClosed, .deadLetterUndeliverable,
                    .executionRunning,
                    .workflowInactive, .mediaExpired, .invalidInput, .invalidGraph, .dailyExecutionLimit,
                ]
            )
        ) { try await $0.retryDeadLetter($1) },
        Route(
            row: 62,
            method: .delete,
            path: "/dead-letters/{id}",
            scopes: ["executions:write"],
            operation: Operation(
                "discardDeadLetter",
                "Dead letters",
                "Gives up what failed",
                answers: [.noContent],
                errors: [.resourceNotFound, .deadLetterClosed]
            )
        ) { try await $0.discardDeadLetter($1) },
    ]
}
