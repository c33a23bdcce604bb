import HTTPValues
import Values

extension APIServer {
    /// Versions and publishing: rows 15 and 16 of contract §2.
    static let versionRoutes: [Route] = [
        Route(
            row: 15,
            method: .get,
            path: "/workflows/{id}/versions",
            scopes: ["workflows:read"],
            operation: Operation(
                "listVersions",
                "Versions",
                "Lists the versions of a workflow, newest first",
                query: [.limit, .cursor],
                answers: [.json("VersionPage")],
                errors: [.workflowNotFound]
            )
        ) { try await $0.listVersions($1) },
        Route(
            row: 15,
            method: .post,
            path: "/workflows/{id}/versions",
            scopes: ["workflows:write"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "createVersion",
                "Versions",
                "Keeps the draft as the next numbered version",
                headers: [.ifMatch],
                body: .json("VersionInput", isRequired: false),
                answers: [.created("Version")],
                errors: [.workflowNotFound, .nameTaken, .staleWrite]
            )
        ) { try await $0.createVersion($1) },
        Route(
            row: 15,
            method: .get,
            path: "/workflows/{id}/versions/diff",
            scopes: ["workflows:read"],
            operation: Operation(
                "diffVersions",
                "Versions",
                "Shows what makes one version another, by node and path",
                query: [side("from", "The version before"), side("to", "The version after")],
                answers: [.json("WorkflowDiff")],
                errors: [.workflowNotFound, .workflowNotPublished, .resourceNotFound]
            )
        ) { try await $0.diffVersions($1) },
        Route(
            row: 15,
            method: .get,
            path: "/workflows/{id}/versions/{version}",
            scopes: ["workflows:read"],
            operation: Operation(
                "getVersion",
                "Versions",
                "Shows a version by its number or tag, with its graph and what it keeps to",
                answers: [.json("VersionDetails")],
                errors: [.workflowNotFound, .resourceNotFound]
            )
        ) { try await $0.getVersion($1) },
        Route(
            row: 15,
            method: .post,
            path: "/workflows/{id}/versions/{version}/restore",
            scopes: ["workflows:write"],
            operation: Operation(
                "restoreVersion",
                "Versions",
                "Makes the draft equal to a version",
                headers: [.ifMatch],
                body: .json("BaseInput", isRequired: false),
                answers: [.json("WorkflowSaved")],
                errors: [.workflowNotFound, .resourceNotFound, .staleWrite]
            )
        ) { try await $0.restoreVersion($1) },
        Route(
            row: 16,
            method: .post,
            path: "/workflows/{id}/publish",
            scopes: ["workflows:write"],
            operation: Operation(
                "publishWorkflow",
                "Versions",
                "Publishes a version, or one made of the draft",
                headers: [.ifMatch],
                body: .json("PublishInput", isRequired: false),
                answers: [.json("WorkflowSaved")],
                errors: [
                    .workflowNotFound, .resourceNotFound, .workflowNotPublished, .invalidGraph, .nameTaken,
                    .staleWrite,
                ]
            )
        ) { try await $0.publish($1) },
        Route(
            row: 16,
            method: .post,
            path: "/workflows/{id}/unpublish",
            scopes: ["workflows:write"],
            operation: Operation(
                "unpublishWorkflow",
                "Versions",
                "Takes the published version back",
                headers: [.ifMatch],
                body: .json("BaseInput", isRequired: false),
                answers: [.json("WorkflowSaved")],
                errors: [.workflowNotFound, .staleWrite]
            )
        ) { try await $0.unpublish($1) },
    ]

    private static func side(_ name: String, _ description: String) -> Operation.Parameter {
        .init(
            name,
            "\(description): a number, a tag, `draft` or `published`",
            ["type": "string", "maxLength": 100],
            isRequired: true
        )
    }
}
