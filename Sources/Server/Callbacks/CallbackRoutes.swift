import HTTPValues
import Storage

extension APIServer {
    private static let write = ["callbacks:write"]

    /// Subscriptions and their deliveries: row 63 of contract §2.
    static let callbackRoutes: [Route] = [
        Route(
            row: 63,
            method: .get,
            path: "/callbacks",
            scopes: write,
            operation: Operation(
                "listCallbacks",
                "Callbacks",
                "Lists subscriptions, newest first",
                query: [.limit, .cursor],
                answers: [.json("CallbackPage")]
            )
        ) { try await $0.listCallbacks($1) },
        Route(
            row: 63,
            method: .post,
            path: "/callbacks",
            scopes: write,
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "createCallback",
                "Callbacks",
                "Subscribes an address to events",
                body: .json("CallbackInput"),
                answers: [.created("CallbackCreated")],
                errors: [.missingFields, .workflowNotFound]
            )
        ) { try await $0.createCallback($1) },
        Route(
            row: 63,
            method: .get,
            path: "/callbacks/{id}",
            scopes: write,
            operation: Operation(
                "getCallback",
                "Callbacks",
                "Shows a subscription",
                answers: [.json("Callback")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.getCallback($1) },
        Route(
            row: 63,
            method: .patch,
            path: "/callbacks/{id}",
            scopes: write,
            operation: Operation(
                "patchCallback",
                "Callbacks",
                "Changes a subscription in part, or switches it on again",
                body: .json("CallbackPatch"),
                answers: [.json("Callback")],
                errors: [.resourceNotFound, .workflowNotFound]
            )
        ) { try await $0.patchCallback($1) },
        Route(
            row: 63,
            method: .delete,
            path: "/callbacks/{id}",
            scopes: write,
            operation: Operation(
                "deleteCallback",
                "Callbacks",
                "Removes a subscription with its deliveries",
                answers: [.noContent],
                errors: [.resourceNotFound]
            )
        ) { try await $0.deleteCallback($1) },
        Route(
            row: 63,
            method: .post,
            path: "/callbacks/{id}/test",
            scopes: write,
            operation: Operation(
                "testCallback",
                "Callbacks",
                "Sends a subscription an event of the type `test`, once",
                body: .json("Empty", isRequired: false),
                answers: [.created("CallbackTested", 202, "Accepted")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.testCallback($1) },
        Route(
            row: 63,
            method: .get,
            path: "/callbacks/{id}/deliveries",
            scopes: write,
            operation: Operation(
                "listDeliveries",
                "Callbacks",
                "Lists what a subscription was told, newest first, for 30 days",
                query: [
                    .limit, .cursor,
                    .word("status", "Keeps that status", CallbackDelivery.Status.allCases.map(\.rawValue)),
                ],
                answers: [.json("DeliveryPage")],
                errors: [.resourceNotFound, .invalidFilter]
            )
        ) { try await $0.listDeliveries($1) },
        Route(
            row: 63,
            method: .post,
            path: "/deliveries/{id}/redeliver",
            scopes: write,
            operation: Operation(
                "redeliver",
                "Callbacks",
                "Tells a subscription about an event once more",
                body: .json("Empty", isRequired: false),
                answers: [.json("Delivery", 202, "Accepted")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.redeliver($1) },
    ]
}
