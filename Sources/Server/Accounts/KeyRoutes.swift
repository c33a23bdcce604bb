import HTTPValues

extension APIServer {
    /// API keys: row 51 of contract §2.
    static let keyRoutes: [Route] = [
        Route(
            row: 51,
            method: .get,
            path: "/api-keys",
            scopes: ["keys:admin"],
            operation: Operation(
                "listKeys",
                "API keys",
                "Lists the API keys, newest first",
                query: [.limit, .cursor],
                answers: [.json("KeyPage")]
            )
        ) { try await $0.listKeys($1) },
        Route(
            row: 51,
            method: .post,
            path: "/api-keys",
            scopes: ["keys:admin"],
            keyedBody: Exchange.bodyBytes,
            answersSecret: true,
            operation: Operation(
                "createKey",
                "API keys",
                "Makes an API key, which is shown only now",
                body: .json("KeyInput"),
                answers: [.created("KeyCreated")],
                errors: [.missingFields, .forbidden]
            )
        ) { try await $0.createKey($1) },
        Route(
            row: 51,
            method: .delete,
            path: "/api-keys/{id}",
            scopes: ["keys:admin"],
            operation: Operation(
                "deleteKey",
                "API keys",
                "Withdraws an API key",
                answers: [.noContent],
                errors: [.resourceNotFound]
            )
        ) { try await $0.deleteKey($1) },
        Route(
            row: 51,
            method: .post,
            path: "/api-keys/{id}/rotate",
            scopes: ["keys:admin"],
            keyedBody: Exchange.bodyBytes,
            answersSecret: true,
            operation: Operation(
                "rotateKey",
                "API keys",
                "Puts a new key in the place of one, which stays valid for a while",
                body: .json("KeyRotation", isRequired: false),
                answers: [.json("KeyCreated")],
                errors: [.resourceNotFound, .forbidden]
            )
        ) { try await $0.rotateKey($1) },
    ]
}
