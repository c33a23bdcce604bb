import Assets
import HTTPValues
import Runtime
import Storage
import Synchronization
import Values
import Workflows

extension APIServer {
    /// Everything the server answers; the rows are those of contract §2.
    static let routes: [Route] = [
        Route(row: 1, method: .get, path: "/workflows", scopes: ["workflows:read"]) { try await $0.listWorkflows($1) },
        Route(row: 2, method: .post, path: "/workflows", scopes: ["workflows:write"], keyedBody: Exchange.bodyBytes) {
            try await $0.createWorkflow($1)
        },
        Route(row: 3, method: .get, path: "/workflows/{id}", scopes: ["workflows:read"]) {
            try await $0.getWorkflow($1)
        },
        Route(row: 4, method: .put, path: "/workflows/{id}", scopes: ["workflows:write"]) {
            try await $0.replaceWorkflow($1)
        },
        Route(row: 5, method: .patch, path: "/workflows/{id}", scopes: ["workflows:write"]) {
            try await $0.patchWorkflow($1)
        },
        Route(row: 6, method: .delete, path: "/workflows/{id}", scopes: ["workflows:write"]) {
            try await $0.deleteWorkflow($1)
        },
        Route(row: 7, method: .patch, path: "/workflows/{id}/nodes/{nodeId}", scopes: ["workflows:write"]) {
            try await $0.patchNode($1)
        },
        Route(
            row: 8,
            method: .post,
            path: "/workflows/{id}/duplicate",
            scopes: ["workflows:write"],
            keyedBody: Exchange.bodyBytes
        ) { try await $0.duplicateWorkflow($1) },
        Route(row: 9, method: .post, path: "/workflows/lint", scopes: ["workflows:read"]) {
            try await $0.lintGraph($1)
        },
        Route(row: 11, method: .post, path: "/workflows/{id}/layout", scopes: ["workflows:write"]) {
            try await $0.layOut($1)
        },
        Route(
            row: 14,
            method: .post,
            path: "/workflows/import",
            scopes: ["workflows:write"],
            keyedBody: ImportFile.maximumBytes
        ) { try await $0.importWorkflow($1) },
        Route(row: 14, method: .get, path: "/workflows/{id}/export", scopes: ["workflows:read"]) {
            try await $0.exportWorkflow($1)
        },
        Route(
            row: 20,
            method: .post,
            path: "/workflows/{id}/execute",
            scopes: ["workflows:execute"],
            aliases: ["//workflows/{id}/execute"],
            keyedBody: Exchange.bodyBytes
        ) { try await $0.execute($1) },
        Route(row: 21, method: .get, path: "/workflows/{id}/run", scopes: ["workflows:read"]) {
            try await $0.describeRun($1)
        },
        Route(
            row: 22,
            method: .post,
            path: "/workflows/{id}/run",
            scopes: ["workflows:execute"],
            keyedBody: Exchange.bodyBytes
        ) { try await $0.run($1) },
        Route(
            row: 23,
            method: .get,
            path: "/workflows/executions/{id}/poll",
            scopes: ["executions:read"],
            aliases: ["/executions/{id}/poll", "//workflows/executions/{id}/poll", "//executions/{id}/poll"]
        ) { try await $0.poll($1) },
        Route(
            row: 24,
            method: .get,
            path: "/workflows/executions/{id}",
            scopes: ["executions:read"],
            aliases: ["/executions/{id}", "//workflows/executions/{id}", "//executions/{id}"]
        ) { try await $0.details($1) },
        Route(
            row: 25,
            method: .get,
            path: "/workflows/{id}/executions",
            scopes: ["executions:read"],
            aliases: ["//workflows/{id}/executions"]
        ) { try await $0.history($1) },
        Route(row: 26, method: .get, path: "/executions", scopes: ["executions:read"]) {
            try await $0.allExecutions($1)
        },
        Route(
            row: 27,
            method: .get,
            path: "/workflows/executions/{id}/events",
            scopes: ["executions:read"],
            aliases: ["/executions/{id}/events"]
        ) { try await $0.events($1) },
        Route(
            row: 28,
            method: .post,
            path: "/workflows/executions/{id}/cancel",
            scopes: ["workflows:execute"],
            aliases: ["/executions/{id}/cancel"]
        ) { try await $0.cancel($1) },
        Route(
            row: 29,
            method: .post,
            path: "/workflows/executions/{id}/resume",
            scopes: ["workflows:execute"],
            aliases: ["/executions/{id}/resume"]
        ) { try await $0.resume($1) },
        Route(
            row: 29,
            method: .post,
            path: "/workflows/executions/{id}/pause",
            scopes: ["workflows:execute"],
            aliases: ["/executions/{id}/pause"]
        ) { try await $0.pause($1) },
        Route(
            row: 29,
            method: .post,
            path: "/workflows/executions/{id}/retry",
            scopes: ["workflows:execute"],
            aliases: ["/executions/{id}/retry"],
            keyedBody: Exchange.bodyBytes
        ) { try await $0.retry($1) },
        Route(
            row: 34,
            method: .get,
            path: "/executions/{id}/nodes/{nodeId}/items",
            scopes: ["executions:read"],
            aliases: ["/workflows/executions/{id}/nodes/{nodeId}/items"]
        ) { try await $0.nodeItems($1) },
        Route(row: 62, method: .get, path: "/dead-letters", scopes: ["executions:write"]) {
            try await $0.listDeadLetters($1)
        },
        Route(row: 62, method: .post, path: "/dead-letters/{id}/retry", scopes: ["executions:write"]) {
            try await $0.retryDeadLetter($1)
        },
        Route(row: 62, method: .delete, path: "/dead-letters/{id}", scopes: ["executions:write"]) {
            try await $0.discardDeadLetter($1)
        },
        Route(row: 30, method: .get, path: "/batches/{batchId}", scopes: ["executions:read"]) {
            try await $0.batch($1)
        },
        Route(row: 61, method: .get, path: "/approvals", scopes: ["approvals:write"]) {
            try await $0.listApprovals($1)
        },
        Route(row: 61, method: .get, path: "/approvals/{id}", scopes: nil) { try await $0.showApproval($1) },
        Route(row: 61, method: .get, path: "/approvals/{id}/approve", scopes: nil) { try await $0.showApproval($1) },
        Route(row: 61, method: .get, path: "/approvals/{id}/reject", scopes: nil) { try await $0.showApproval($1) },
        Route(row: 61, method: .post, path: "/approvals/{id}/approve", scopes: nil) {
            try await $0.decideApproval($1, isApproved: true)
        },
        Route(row: 61, method: .post, path: "/approvals/{id}/reject", scopes: nil) {
            try await $0.decideApproval($1, isApproved: false)
        },
        Route(
            row: 35,
            method: .post,
            path: "\(CallbackLinks.path)/{attempt}/{token}",
            scopes: nil,
            isAtRoot: true
        ) { try await $0.vendorCallback($1) },
        Route(row: 40, method: .get, path: "/nodes", scopes: ["workflows:read"]) { try await $0.listNodes($1) },
        Route(row: 40, method: .get, path: "/nodes/{type}", scopes: ["workflows:read"]) { try await $0.getNode($1) },
        Route(row: 40, method: .get, path: "/schemas/{file}", scopes: nil, isAtRoot: true) { try $0.schema($1) },
        Route(row: 51, method: .get, path: "/api-keys", scopes: ["keys:admin"]) { try await $0.listKeys($1) },
        Route(row: 51, method: .post, path: "/api-keys", scopes: ["keys:admin"]) { try await $0.createKey($1) },
        Route(row: 51, method: .delete, path: "/api-keys/{id}", scopes: ["keys:admin"]) { try await $0.deleteKey($1) },
        Route(row: 52, method: .post, path: "/media/upload", scopes: ["workflows:write"]) {
            try await $0.uploadMedia($1)
        },
        Route(row: 52, method: .get, path: "/media/{id}", scopes: ["workflows:read"]) {
            try await $0.describeMedia($1)
        },
        Route(row: 52, method: .get, path: "/media/{file}", scopes: nil, isAtRoot: true) { try await $0.mediaFile($1) },
        Route(row: 66, method: .get, path: "/healthz", scopes: nil, isAtRoot: true) { server, _ in server.health() },
        Route(row: 66, method: .get, path: "/readyz", scopes: nil, isAtRoot: true) { server, _ in
            try await server.readiness()
        },
    ]

    private func health() -> Reply {
        .json(["status": "ok", "version": .string(configuration.version)])
    }

    /// Ready when storage is open and runs are being worked on.
    private func readiness() async throws -> Reply {
        guard !runs.isStopping else {
            throw APIError(.draining, "The server is stopping.", ["reason": "draining"])
        }
        guard database.isAvailable else {
            throw APIError(
                .storageUnavailable,
                "The database cannot be reached.",
                ["reason": "storage_unavailable"]
            )
        }
        var body: JSONObject = [
            "status": "ready", "recovering": .bool(runs.isRecovering),
            "uselessCallbacks": .int(Int64(uselessCallbacks.load(ordering: .relaxed))),
        ]
        // A full media store does not keep runs from being worked on, so the server stays ready.
        if let obstacle = await assets.obstacle() { body["warnings"] = [.string(obstacle.description)] }
        return .json(.object(body))
    }
}
