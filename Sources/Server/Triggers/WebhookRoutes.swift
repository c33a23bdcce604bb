import HTTPValues

extension APIServer {
    /// Webhooks: rows 17 and 31 to 33 of contract §2.
    static let webhookRoutes: [Route] = [
        Route(
            row: 17,
            method: .get,
            path: "/workflows/{id}/webhook",
            scopes: ["workflows:read"],
            operation: Operation(
                "getWebhook",
                "Webhooks",
                "Shows the webhook of a workflow",
                answers: [.json("Webhook")],
                errors: [.workflowNotFound, .webhookNotFound]
            )
        ) { try await $0.getWebhook($1) },
        Route(
            row: 17,
            method: .put,
            path: "/workflows/{id}/webhook",
            scopes: ["workflows:write"],
            operation: Operation(
                "putWebhook",
                "Webhooks",
                "Makes the webhook of a workflow, or changes how it may be called",
                body: .json("WebhookInput", isRequired: false),
                answers: [.json("Webhook")],
                errors: [.workflowNotFound]
            )
        ) { try await $0.putWebhook($1) },
        Route(
            row: 17,
            method: .delete,
            path: "/workflows/{id}/webhook",
            scopes: ["workflows:write"],
            operation: Operation(
                "deleteWebhook",
                "Webhooks",
                "Removes the webhook of a workflow",
                answers: [.noContent],
                errors: [.workflowNotFound, .webhookNotFound]
            )
        ) { try await $0.deleteWebhook($1) },
        Route(
            row: 17,
            method: .post,
            path: "/workflows/{id}/webhook/rotate",
            scopes: ["workflows:write"],
            operation: Operation(
                "rotateWebhook",
                "Webhooks",
                "Gives a webhook a new address, and a new secret where it had one",
                body: .json("Empty", isRequired: false),
                answers: [.json("Webhook")],
                errors: [.workflowNotFound, .webhookNotFound]
            )
        ) { try await $0.rotateWebhook($1) },
        trigger(.post, "triggerWebhook"),
        trigger(.put, "putTrigger"),
        Route(
            row: 32,
            method: .get,
            path: "/workflow/{webhookId}/trigger",
            scopes: nil,
            aliases: ["//workflow/{webhookId}/trigger"],
            operation: Operation(
                "describeTrigger",
                "Webhooks",
                "Says which workflow a webhook starts",
                answers: [.json("WebhookDescription")],
                errors: [.webhookNotFound]
            )
        ) { try await $0.describeTrigger($1) },
        Route(
            row: 33,
            method: .options,
            path: "/workflow/{webhookId}/trigger",
            scopes: nil,
            aliases: ["//workflow/{webhookId}/trigger"],
            operation: Operation(
                "allowTrigger",
                "Webhooks",
                "Lets pages of any origin call a webhook",
                answers: [.noContent]
            )
        ) { try await $0.allowTrigger($1) },
    ]

    private static func trigger(_ method: HTTPMethod, _ id: String) -> Route {
        Route(
            row: 31,
            method: method,
            path: "/workflow/{webhookId}/trigger",
            scopes: nil,
            aliases: ["//workflow/{webhookId}/trigger"],
            operation: Operation(
                id,
                "Webhooks",
                "Starts the published version of a workflow, without a key",
                headers: [
                    .text(
                        "Idempotency-Key",
                        "Names the call, for a day; else `webhook-id` or `X-GitHub-Delivery` does"
                    ),
                    .text("X-Webhook-Signature", "`t=<unix>,v1=<hex HMAC-SHA256(secret, t + \".\" + body)>`"),
                ],
                body: .raw([
                    "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain",
                ]),
                answers: [
                    .created("WebhookAccepted", 202, "Accepted"),
                    .json("WebhookOutcome", 200, "The run has ended, where the webhook waits for that"),
                ],
                errors: [
                    .webhookNotFound, .webhookDisabled, .methodNotAllowed, .forbidden, .rateLimited, .invalidJSON,
                    .jsonTooDeep, .unsupportedMediaType, .invalidWebhookSignature, .workflowNotPublished,
                    .workflowInactive, .invalidInput, .insufficientCredits, .budgetExceeded, .invalidIdempotencyKey,
                    .idempotencyInProgress, .idempotencyKeyReused,
                ]
            )
        ) { try await $0.trigger($1) }
    }
}
