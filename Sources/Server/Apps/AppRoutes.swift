import HTTPValues

extension APIServer {
    /// Apps: row 43 of contract §2, and their pages.
    static let appRoutes: [Route] = [
        Route(
            row: 43,
            method: .get,
            path: "/workflows/{id}/app",
            scopes: ["workflows:read"],
            operation: Operation(
                "getWorkflowApp",
                "Apps",
                "Shows the app of a workflow",
                answers: [.json("App")],
                errors: [.workflowNotFound, .resourceNotFound]
            )
        ) { try await $0.getWorkflowApp($1) },
        Route(
            row: 43,
            method: .put,
            path: "/workflows/{id}/app",
            scopes: ["workflows:write"],
            operation: Operation(
                "putApp",
                "Apps",
                "Offers a workflow as an app, or changes how",
                body: .json("AppInput"),
                answers: [.json("App"), .created("App")],
                errors: [.workflowNotFound, .missingFields, .nameTaken]
            )
        ) { try await $0.putApp($1) },
        Route(
            row: 43,
            method: .delete,
            path: "/workflows/{id}/app",
            scopes: ["workflows:write"],
            operation: Operation(
                "deleteApp",
                "Apps",
                "Withdraws the app of a workflow",
                answers: [.noContent],
                errors: [.workflowNotFound, .resourceNotFound]
            )
        ) { try await $0.deleteApp($1) },
        Route(
            row: 43,
            method: .get,
            path: "/apps",
            scopes: ["apps:execute"],
            operation: Operation(
                "listApps",
                "Apps",
                "Lists the apps, newest first",
                query: [.limit, .cursor],
                answers: [.json("AppPage")]
            )
        ) { try await $0.listApps($1) },
        Route(
            row: 43,
            method: .get,
            path: "/apps/{slug}",
            scopes: ["apps:execute"],
            operation: Operation(
                "getApp",
                "Apps",
                "Shows what an app takes",
                answers: [.json("App")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.getApp($1) },
        Route(
            row: 43,
            method: .post,
            path: "/apps/{slug}/run",
            scopes: ["apps:execute"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "runApp",
                "Apps",
                "Runs an app with inputs only",
                query: [.wait],
                body: .json("AppRunInput", isRequired: false),
                answers: [.created("RunStarted", 202, "Accepted"), .json("RunEnded", 200, "It has ended already")],
                errors: startErrors
            )
        ) { try await $0.runApp($1) },
        // What people look at.
        Route(row: 43, method: .get, path: "/apps/{slug}", scopes: nil, isAtRoot: true) { try await $0.appPage($1) },
        Route(row: 43, method: .post, path: "/apps/{slug}", scopes: nil, isAtRoot: true) {
            try await $0.submitAppPage($1)
        },
        Route(row: 43, method: .get, path: "/apps/{slug}/runs/{id}", scopes: nil, isAtRoot: true) {
            try await $0.appResultPage($1)
        },
    ]
}
