import HTTPValues

extension APIServer {
    /// Node types: row 40 of contract §2.
    static let catalogRoutes: [Route] = [
        Route(
            row: 40,
            method: .get,
            path: "/nodes",
            scopes: ["workflows:read"],
            operation: Operation(
                "listNodeTypes",
                "Catalog",
                "Lists the node types",
                headers: [.ifNoneMatch],
                answers: [.json("NodeTypeList"), .notModified]
            )
        ) { try await $0.listNodes($1) },
        Route(
            row: 40,
            method: .get,
            path: "/nodes/{type}",
            scopes: ["workflows:read"],
            operation: Operation(
                "getNodeType",
                "Catalog",
                "Shows a node type",
                headers: [.ifNoneMatch],
                answers: [.json("NodeType"), .notModified],
                errors: [.nodeNotFound]
            )
        ) { try await $0.getNode($1) },
        Route(row: 40, method: .get, path: "/schemas/{file}", scopes: nil, isAtRoot: true) { try $0.schema($1) },
    ]
}
