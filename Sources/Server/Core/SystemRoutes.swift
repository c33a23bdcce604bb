import Assets
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Synchronization
import Values

extension APIServer {
    /// The state and the description of the server, and calls of vendors: rows 35 and 66 of contract §2.
    static let systemRoutes: [Route] = [
        Route(
            row: 35,
            method: .post,
            path: "\(CallbackLinks.path)/{attempt}/{token}",
            scopes: nil,
            isAtRoot: true
        ) { try await $0.vendorCallback($1) },
        Route(
            row: 66,
            method: .get,
            path: "/openapi.json",
            scopes: nil,
            operation: Operation(
                "getOpenAPI",
                "Server",
                "Describes the API: this document",
                answers: [.json("OpenAPI")]
            )
        ) { server, _ in server.openAPI() },
        Route(
            row: 66,
            method: .get,
            path: "/healthz",
            scopes: nil,
            isAtRoot: true,
            operation: Operation("getHealth", "Server", "Says that the process answers", answers: [.json("Health")])
        ) { server, _ in server.health() },
        Route(
            row: 66,
            method: .get,
            path: "/readyz",
            scopes: nil,
            isAtRoot: true,
            operation: Operation(
                "getReadiness",
                "Server",
                "Says whether storage is open and runs are worked on",
                answers: [.json("Readiness")],
                errors: [.draining, .storageUnavailable]
            )
        ) { server, _ in try await server.readiness() },
    ]

    private func openAPI() -> Reply {
        // Made once: everybody may ask for it.
        let document = openAPIDocument.withLock { known in
            let document = known ?? OpenAPIDocument(routes: Self.routes, version: configuration.version).json
            known = document
            return document
        }
        return .json(document, headers: ["cache-control": "public, max-age=300", "access-control-allow-origin": "*"])
    }

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
