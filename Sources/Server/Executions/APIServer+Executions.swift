import Engine
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// What can be seen of an execution: of an ended one its stored result.
    enum Seen {
        case live(RunHandle)
        case ended(RunView)
    }

    /// GET /workflows/executions/{id}/poll.
    func poll(_ exchange: Exchange) async throws -> Reply {
        let wait = try exchange.waitTime()
        var view: RunView
        var change: Int64
        switch try await seen(exchange) {
        case .ended(let ended): (view, change) = (ended, ended.lastEvent)
        case .live(let handle):
            var snapshot = handle.snapshot
            if let wait, snapshot.run.end == nil {
                // With a known tag the client has seen that state: anything newer is news.
                let known = exchange.knownTags.compactMap(Self.change).max() ?? snapshot.change
                snapshot = await handle.snapshot(after: known, within: wait, on: exchange.request.loop)
            }
            (view, change) = (snapshot.view, snapshot.change)
        }
        let tag = "W/\"\(view.lastEvent).\(change)\""
        if exchange.hasCopy(of: tag) {
            limiter.giveBackUnchanged(exchange.account, at: exchange.now)
            return .raw(HTTPResponse(status: 304, headers: ["etag": tag, "cache-control": "no-store"]))
        }
        let writer = writer(view, exchange)
        if exchange.query("fields") == "status" { return .json(writer.status, headers: ["etag": tag]) }
        var object = writer.poll(now: exchange.now)
        try await addItems(of: view, to: &object, exchange)
        return .json(.object(object), headers: ["etag": tag])
    }

    /// GET /workflows/executions/{id}.
    func details(_ exchange: Exchange) async throws -> Reply {
        let includes = (exchange.query("include") ?? "").split(separator: ",").map(String.init)
        let seen = try await seen(exchange)
        let (view, change): (RunView, Int64) =
            switch seen {
            case .ended(let view): (view, view.lastEvent)
            case .live(let handle): (handle.snapshot.view, handle.snapshot.change)
            }
        guard case .object(var object) = detailsBody(view, change: change, exchange, includes: includes) else {
            return .json(.null)
        }
        try await addItems(of: view, to: &object, exchange)
        if includes.contains("graph"), let graph = try await graph(of: view) {
            object["graph"] = ["nodes": graph["nodes"] ?? [], "edges": graph["edges"] ?? []]
        }
        return .json(.object(object))
    }

    /// POST …/cancel: recorded when answered; the run may still complete first.
    func cancel(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(try await exchange.object(), known: ["reason"])
        let reason = try fields.string("reason", atMost: 1000)
        return try await control("cancel", ["reason": reason.map(JSON.string) ?? .null], dedupe: "cancel", exchange)
    }

    /// POST …/pause.
    func pause(_ exchange: Exchange) async throws -> Reply {
        _ = try await exchange.object()
        return try await control("pause", [:], dedupe: "pause:\(exchange.id)", exchange)
    }

    /// POST …/resume: ends a pause, gives data to a node, raises what the run may cost, or answers an unknown outcome.
    func resume(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(
            try await exchange.object(),
            known: ["nodeId", "item", "data", "answer", "maxCredits", "maxCostUsd"]
        )
        if fields["data"] != nil { return try await giveData(fields, exchange) }
        guard let answer = try fields.string("answer") else {
            if let cap = try RunLimits(fields).cap(credit: configuration.credit) {
                return try await control("cap", ["nano": .int(cap.nano)], dedupe: "cap:\(exchange.id)", exchange)
            }
            return try await control("resume", [:], dedupe: "resume:\(exchange.id)", exchange)
        }
        guard answer == "retry" || answer == "fail" else { throw APIError.field("answer", "must be retry or fail") }
        guard let node = try fields.string("nodeId") else {
            throw APIError.field("nodeId", "must name the node that waits")
        }
        var address = node
        if let item = try fields.integer("item", 0...10_000) { address += "[\(item)]" }
        return try await control(
            "answer",
            ["address": .string(address), "answer": .string(answer)],
            dedupe: "answer:\(exchange.id)",
            exchange
        )
    }

    // MARK: Parts

    func control(_ kind: String, _ body: JSON, dedupe: String, _ exchange: Exchange) async throws -> Reply {
        let foreign =
            kind == "cancel" || kind == "pause"
            ? APIError(.forbidden, "Forbidden")
            : APIError(.forbiddenResume, "Forbidden: Cannot resume execution you do not own")
        guard case .live(let handle) = try await seen(exchange, orElse: foreign) else {
            throw APIError(
                .executionFinished,
                "The execution has ended; nothing can be changed about it any more.",
                ["executionStatus": .string(try await endedView(exchange).status)]
            )
        }
        let before = handle.snapshot
        do {
            try await runs.post(kind, body, dedupe: dedupe, to: handle.id)
        } catch {
            throw APIError(runtime: error)
        }
        let after = await handle.snapshot(after: before.change, within: .seconds(2), on: exchange.request.loop)
        return .json(.object(writer(after.view, exchange).poll(now: exchange.now)), status: 202)
    }

    private func endedView(_ exchange: Exchange) async throws -> RunView {
        guard case .ended(let view) = try await seen(exchange) else {
            throw APIError(.internalError, "The execution has just changed. Try again.")
        }
        return view
    }

    /// The execution that the path names, if it belongs to the account that asks; another one's is as if it were not
    /// there, unless something else is to be said of it.
    func seen(_ exchange: Exchange, orElse foreign: APIError? = nil) async throws -> Seen {
        let missing = APIError(.executionNotFound, "Execution not found", ["param": "id"])
        let id: ExecutionID = try exchange.identifier(0, orElse: missing)
        return try await seen(id, orElse: foreign ?? missing) { exchange.mayRead(id, of: $0) }
    }

    /// An execution of an account.
    func seen(_ id: ExecutionID, of account: AccountID) async throws -> Seen {
        let missing = APIError(.executionNotFound, "Execution not found", ["param": "id"])
        return try await seen(id, orElse: missing) { $0 == account }
    }

    private func seen(
        _ id: ExecutionID,
        orElse foreign: APIError,
        _ mayRead: (AccountID) -> Bool
    ) async throws -> Seen {
        let missing = APIError(.executionNotFound, "Execution not found", ["param": "id"])
        if let handle = runs.knownHandle(id) {
            guard mayRead(handle.snapshot.run.facts.account) else { throw foreign }
            return .live(handle)
        }
        if let view = ended[id] {
            guard mayRead(view.facts.account) else { throw foreign }
            return .ended(view)
        }
        guard let row = try await stored({ try await self.database.execution(id) }) else { throw missing }
        guard mayRead(row.facts.account) else { throw foreign }
        if let view = try Self.view(row) {
            ended.keep(view, of: row)
            return .ended(view)
        }
        do {
            if let handle = try await runs.handle(id) { return .live(handle) }
        } catch {
            throw APIError(runtime: error)
        }
        // It has ended between the two looks.
        guard let again = try await stored({ try await self.database.execution(id) }), let view = try Self.view(again)
        else { throw missing }
        return .ended(view)
    }

    static func view(_ row: ExecutionRow) throws -> RunView? {
        guard let result = row.result else { return nil }
        guard let view = RunView(record: try JSON(parsing: result, limits: .record)) else {
            throw APIError(.internalError, "The stored result of the execution cannot be read.")
        }
        return view
    }

    func detailsBody(_ view: RunView, change: Int64, _ exchange: Exchange, includes: [String]) -> JSON {
        var object = writer(view, exchange).details(now: exchange.now)
        object["diagnostics"] = Violation.diagnostics([])
        return .object(object)
    }

    func writer(_ view: RunView, _ exchange: Exchange) -> RunWriter {
        RunWriter(
            view: view,
            values: ValueWriter(links: links, base: base(exchange), now: exchange.now),
            credit: configuration.credit
        )
    }

    /// The address under which this client reaches the server.
    func base(_ exchange: Exchange) -> String {
        configuration.publicURL
            ?? "\(exchange.isSecure ? "https" : "http")://\(exchange.request.headers["host"] ?? "localhost")"
    }

    private func graph(of view: RunView) async throws -> JSON? {
        guard let row = try await stored({ try await self.database.execution(view.facts.execution) }),
            let body = try await stored({ try await self.database.graph(row.facts.graph) })
        else { return nil }
        return try JSON(parsing: body)
    }

    private static func change(_ tag: Substring) -> Int64? {
        guard tag.hasPrefix("W/\""), tag.hasSuffix("\""), let dot = tag.lastIndex(of: ".") else { return nil }
        return Int64(tag[tag.index(after: dot)...].dropLast())
    }
}
