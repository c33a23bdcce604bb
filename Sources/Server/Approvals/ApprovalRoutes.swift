import HTTPValues

extension APIServer {
    /// Approvals: row 61 of contract §2.
    static let approvalRoutes: [Route] = [
        Route(
            row: 61,
            method: .get,
            path: "/approvals",
            scopes: ["approvals:write"],
            operation: Operation(
                "listApprovals",
                "Approvals",
                "Lists what people are asked to decide, newest first",
                query: [
                    .limit, .cursor, .text("status", "Keeps that status"),
                    .text("executionId", "Keeps those of an execution"),
                ],
                answers: [.json("ApprovalPage")],
                errors: [.invalidFilter]
            )
        ) { try await $0.listApprovals($1) },
        Route(
            row: 61,
            method: .get,
            path: "/approvals/{id}",
            scopes: nil,
            operation: Operation(
                "getApproval",
                "Approvals",
                "Shows one, for a key or its link; a browser gets a page. Never decides",
                query: [token],
                answers: [.json("Approval").or("text/html")],
                errors: linkErrors
            )
        ) { try await $0.showApproval($1) },
        // What mail scanners open.
        link("showApproveLink", "approve"), link("showRejectLink", "reject"),
        decision("approve", isApproved: true),
        decision("reject", isApproved: false),
    ]

    private static let token = Operation.Parameter.text("token", "The token of the approval's link, instead of a key")
    private static let linkErrors: [ErrorCode] = [
        .resourceNotFound, .invalidAccessToken, .missingAuthorization, .invalidAPIKeyFormat, .invalidAPIKey,
        .apiKeyExpired, .insufficientScope, .rateLimited,
    ]

    private static func link(_ id: String, _ verb: String) -> Route {
        Route(
            row: 61,
            method: .get,
            path: "/approvals/{id}/\(verb)",
            scopes: nil,
            operation: Operation(
                id,
                "Approvals",
                "Shows the approval that a link to \(verb) it belongs to. Never decides",
                query: [token],
                answers: [.json("Approval").or("text/html")],
                errors: linkErrors
            )
        ) { try await $0.showApproval($1) }
    }

    private static func decision(_ verb: String, isApproved: Bool) -> Route {
        Route(
            row: 61,
            method: .post,
            path: "/approvals/{id}/\(verb)",
            scopes: nil,
            operation: Operation(
                verb,
                "Approvals",
                "Decides to \(verb), for a key or the link of the approval",
                query: [token],
                body: .json("DecisionInput", isRequired: false),
                answers: [.json("Approval").or("text/html")],
                errors: linkErrors + [.approvalDecided]
            )
        ) { try await $0.decideApproval($1, isApproved: isApproved) }
    }
}
