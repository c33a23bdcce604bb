import HTTPValues
import Workflows

extension APIServer {
    /// Workflows: rows 1 to 14 of contract §2.
    static let workflowRoutes: [Route] = [
        Route(
            row: 1,
            method: .get,
            path: "/workflows",
            scopes: ["workflows:read"],
            operation: Operation(
                "listWorkflows",
                "Workflows",
                "Lists workflows, last updated first",
                query: [
                    .limit, .cursor, .word("isActive", "Keeps those that may, or may not, run", ["true", "false"]),
                ],
                answers: [.json("WorkflowList")],
                errors: [.invalidFilter]
            )
        ) { try await $0.listWorkflows($1) },
        Route(
            row: 2,
            method: .post,
            path: "/workflows",
            scopes: ["workflows:write"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "createWorkflow",
                "Workflows",
                "Creates a workflow, or replaces the one whose id is sent",
                query: [strict],
                headers: [.ifMatch],
                body: .json("WorkflowInput"),
                answers: [.created("WorkflowSaved"), .json("WorkflowSaved", 200, "Replaced")],
                errors: graphErrors + [.missingFields, .workflowNotFound, .staleWrite]
            )
        ) { try await $0.createWorkflow($1) },
        Route(
            row: 3,
            method: .get,
            path: "/workflows/{id}",
            scopes: ["workflows:read"],
            operation: Operation(
                "getWorkflow",
                "Workflows",
                "Shows a workflow with its graph",
                headers: [.ifNoneMatch],
                answers: [.json("Workflow"), .notModified],
                errors: [.workflowNotFound]
            )
        ) { try await $0.getWorkflow($1) },
        Route(
            row: 4,
            method: .put,
            path: "/workflows/{id}",
            scopes: ["workflows:write"],
            operation: Operation(
                "replaceWorkflow",
                "Workflows",
                "Replaces what is sent of a workflow",
                query: [strict],
                headers: [.ifMatch],
                body: .json("WorkflowInput"),
                answers: [.json("WorkflowSaved")],
                errors: graphErrors + [.workflowNotFound, .staleWrite]
            )
        ) { try await $0.replaceWorkflow($1) },
        Route(
            row: 5,
            method: .patch,
            path: "/workflows/{id}",
            scopes: ["workflows:write"],
            operation: Operation(
                "patchWorkflow",
                "Workflows",
                "Changes name, description, tags, isActive or single settings",
                headers: [.ifMatch],
                body: .json("WorkflowPatch"),
                answers: [.json("WorkflowSaved")],
                errors: graphErrors + [.workflowNotFound, .staleWrite]
            )
        ) { try await $0.patchWorkflow($1) },
        Route(
            row: 6,
            method: .delete,
            path: "/workflows/{id}",
            scopes: ["workflows:write"],
            operation: Operation(
                "deleteWorkflow",
                "Workflows",
                "Removes a workflow with its versions; its executions stay",
                query: [.time("baseUpdatedAt", "The `updatedAt` that the client knows")],
                headers: [.ifMatch],
                answers: [.noContent],
                errors: [.workflowNotFound, .staleWrite]
            )
        ) { try await $0.deleteWorkflow($1) },
        Route(
            row: 7,
            method: .patch,
            path: "/workflows/{id}/nodes/{nodeId}",
            scopes: ["workflows:write"],
            operation: Operation(
                "patchNode",
                "Workflows",
                "Changes settings of one node",
                query: [strict],
                headers: [.ifMatch],
                body: .json("NodePatch"),
                answers: [.json("NodeSaved")],
                errors: graphErrors + [.workflowNotFound, .nodeNotFound, .staleWrite]
            )
        ) { try await $0.patchNode($1) },
        Route(
            row: 8,
            method: .post,
            path: "/workflows/{id}/duplicate",
            scopes: ["workflows:write"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "duplicateWorkflow",
                "Workflows",
                "Makes a workflow with the same graph",
                body: .json("DuplicateInput", isRequired: false),
                answers: [.created("Duplicate")],
                errors: [.workflowNotFound]
            )
        ) { try await $0.duplicateWorkflow($1) },
        Route(
            row: 9,
            method: .post,
            path: "/workflows/lint",
            scopes: ["workflows:read"],
            operation: Operation(
                "lintGraph",
                "Workflows",
                "Checks a graph without saving it",
                body: .json("GraphInput"),
                answers: [.json("LintReport")],
                errors: [.missingFields]
            )
        ) { try await $0.lintGraph($1) },
        Route(
            row: 11,
            method: .post,
            path: "/workflows/{id}/layout",
            scopes: ["workflows:write"],
            operation: Operation(
                "layOutWorkflow",
                "Workflows",
                "Places the nodes",
                headers: [.ifMatch],
                body: .json("LayoutInput", isRequired: false),
                answers: [.json("Layout")],
                errors: [.workflowNotFound, .staleWrite, .invalidGraph]
            )
        ) { try await $0.layOut($1) },
        Route(
            row: 14,
            method: .post,
            path: "/workflows/import",
            scopes: ["workflows:write"],
            keyedBody: ImportFile.maximumBytes,
            operation: Operation(
                "importWorkflow",
                "Workflows",
                "Makes a workflow of a file of Millrace, n8n, ComfyUI or React Flow",
                query: [
                    .text("format", "The format; found out when it is not sent"),
                    .text("name", "What the workflow is called"),
                    .word("dryRun", "Whether only the report is wanted", ["true", "false"]), strict,
                ],
                body: .file("ImportFile", or: ["application/yaml", "image/png", "text/plain"]),
                answers: [.created("Import"), .json("Import", 200, "The report of a dry run")],
                errors: graphErrors + [.invalidJSON, .jsonTooDeep, .unsupportedImport, .unsupportedMediaType]
            )
        ) { try await $0.importWorkflow($1) },
        Route(
            row: 14,
            method: .get,
            path: "/workflows/{id}/export",
            scopes: ["workflows:read"],
            operation: Operation(
                "exportWorkflow",
                "Workflows",
                "Writes a workflow as a file",
                query: [
                    .word("format", "How it is written", ["millrace", "wireflow", "reactflow", "yaml"]),
                    .text("version", "Which version; the draft when it is not sent"),
                ],
                answers: [.json("Export").or("application/yaml")],
                errors: [.workflowNotFound, .resourceNotFound, .workflowNotPublished, .invalidFilter]
            )
        ) { try await $0.exportWorkflow($1) },
    ]

    private static let strict = Operation.Parameter.word(
        "strict",
        "`false` saves a graph with errors; it does not run then",
        ["true", "false"]
    )
    private static let graphErrors: [ErrorCode] = [.noNodes, .nodeIDMissing, .invalidGraph]
}
