import Engine
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// GET /workflows/{id}/app.
    func getWorkflowApp(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        guard let app = try await stored({ try await self.database.app(of: row.id) }) else { throw Self.noApp }
        return .json(.object(try await json(app, exchange)))
    }

    /// PUT /workflows/{id}/app: offers a workflow under an address of its own.
    func putApp(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        let fields = try Fields(try await exchange.object(), known: AppSettings.fields)
        let former = try await stored { try await self.database.app(of: row.id) }
        let settings = try AppSettings(fields, former: former.map(AppSettings.init), workflow: row)
        let app = AppRow(
            slug: settings.slug,
            account: row.account,
            workflow: row.id,
            body: settings.json,
            createdAt: former?.createdAt ?? exchange.now,
            updatedAt: exchange.now
        )
        let isNew: Bool
        do {
            isNew = try await database.put(app)
        } catch .conflict {
            throw APIError(
                .nameTaken,
                "Another app has the address \(settings.slug). Choose another one.",
                ["param": "slug"]
            )
        } catch {
            throw APIError(storage: error)
        }
        var object = try await json(app, exchange)
        if !fields.warnings.isEmpty { object["warnings"] = .array(fields.warnings) }
        return .json(
            .object(object),
            status: isNew ? 201 : 200,
            headers: isNew ? ["location": "/api/v1/apps/\(app.slug)"] : [:]
        )
    }

    /// DELETE /workflows/{id}/app.
    func deleteApp(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        guard try await stored({ try await self.database.deleteApp(of: row.id) }) else { throw Self.noApp }
        return .empty()
    }

    /// GET /apps: newest first.
    func listApps(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        let rows = try await stored {
            try await self.database.apps(of: exchange.account, after: position, limit: limit + 1)
        }
        var next: JSON = .null
        if rows.count > limit, let last = rows.prefix(limit).last {
            next = .string(cursors.encode(PagePosition(time: last.createdAt, id: last.workflow.bytes)))
        }
        let apps = rows.prefix(limit).map { JSON.object(summary($0, exchange)) }
        return .json(["data": .array(apps), "nextCursor": next, "hasMore": .bool(rows.count > limit)])
    }

    /// GET /apps/{slug}.
    func getApp(_ exchange: Exchange) async throws -> Reply {
        .json(.object(try await json(try await app(exchange), exchange)))
    }

    /// POST /apps/{slug}/run: runs what is published, with inputs only.
    func runApp(_ exchange: Exchange) async throws -> Reply {
        let app = try await app(exchange)
        let body = try await exchange.object()
        for member in body where !["inputs", "customer"].contains(member.key) {
            throw APIError.field(member.key, "is no field of an app: send inputs, and customer if you like")
        }
        let wait = try exchange.waitTime()
        let receipt: @Sendable (Run) -> JSON = { Self.accepted($0) }
        let handle = try await start(
            app,
            inputs: try Fields(body, known: ["inputs", "customer"]).object("inputs") ?? JSONObject(),
            customer: body["customer"],
            origin: Self.origin(exchange),
            exchange,
            answering: answer(to: exchange, status: 202, receipt)
        )
        let snapshot = try await waited(handle, wait, exchange)
        if snapshot.run.end != nil, wait != nil {
            return .json(["data": detailsBody(snapshot.view, change: snapshot.change, exchange, includes: [])])
        }
        return .json(receipt(snapshot.run), status: 202, headers: ["location": Self.pollPath(handle.id)])
    }

    // MARK: Parts

    static let noApp = APIError(.resourceNotFound, "There is no such app.", ["kind": "app"])

    /// Starts a run of an app; only what is published, only the inputs it shows.
    func start(
        _ app: AppRow,
        inputs: JSONObject,
        customer: JSON?,
        origin: RunOrigin,
        _ exchange: Exchange,
        costing credits: Int64? = nil,
        answering answer: (@Sendable (Run) -> StoredAnswer)? = nil
    ) async throws -> RunHandle {
        let settings = AppSettings(app)
        if settings.inputs != nil {
            let shown = settings.shown(try await plan(of: app).map { RunDescription(plan: $0).inputs } ?? [])
            let names = Set(shown.flatMap { [$0["name"]?.string, $0["nodeId"]?.string].compactMap(\.self) })
            if let unknown = inputs.keys.first(where: { !names.contains($0) }) {
                throw APIError(
                    .invalidInput,
                    "The app has no input \(unknown).",
                    ["inputs": [["nodeId": .string(unknown), "reason": "there is no such input of the app"]]]
                )
            }
        }
        var request: JSONObject = ["inputs": .object(inputs), "version": "published"]
        if let customer { request["customer"] = customer }
        if let credits { request["maxCredits"] = .int(credits) }
        return try await starter.start(
            StartOrder(
                account: app.account,
                workflow: app.workflow,
                request: try ExecuteRequest(request, allowsGraph: false),
                origin: origin,
                at: exchange.now,
                loop: exchange.request.loop,
                answer: answer
            )
        )
    }

    /// What an app runs; `nil` while its workflow is not published or has errors.
    func plan(of app: AppRow) async throws -> Plan? {
        guard let row = try await stored({ try await self.workflows.workflow(app.workflow) }),
            let published = row.published
        else { return nil }
        return try await starter.outcome(published.graph).plan
    }

    private func app(_ exchange: Exchange) async throws -> AppRow {
        guard let app = try await stored({ try await self.database.app(slug: exchange.parameters[0]) }),
            app.account == exchange.account
        else { throw Self.noApp }
        return app
    }

    private func summary(_ app: AppRow, _ exchange: Exchange) -> JSONObject {
        let settings = AppSettings(app)
        return [
            "slug": .string(app.slug), "name": .string(settings.name), "description": .string(settings.description),
            "workflowId": .string(app.workflow.description),
            "access": .string(settings.isPublic ? "public" : "key"), "limits": settings.limits,
            "pageUrl": .string("\(base(exchange))/apps/\(app.slug)"),
            "runUrl": .string("/api/v1/apps/\(app.slug)/run"), "createdAt": .string(app.createdAt.description),
            "updatedAt": .string(app.updatedAt.description),
        ]
    }

    /// An app with what it takes and what a run of it will probably cost.
    private func json(_ app: AppRow, _ exchange: Exchange) async throws -> JSONObject {
        let plan = try await plan(of: app)
        var object = summary(app, exchange)
        object["isPublished"] = .bool(plan != nil)
        object["inputs"] = .array(AppSettings(app).shown(plan.map { RunDescription(plan: $0).inputs } ?? []))
        object["priceEstimate"] = ["credits": .int(estimatedCredits(plan, app.account))]
        return object
    }
}
