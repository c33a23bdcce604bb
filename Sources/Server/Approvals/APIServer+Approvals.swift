import Engine
import HTTPServer
import HTTPValues
import JSONSchemas
import Runtime
import Storage
import Values

extension APIServer {
    /// GET /approvals: newest first.
    func listApprovals(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        let status = exchange.query("status")
        let words = ["pending"] + ApprovalEnd.allCases.map(\.rawValue)
        if let status, !words.contains(status) {
            throw APIError(.invalidFilter, "status must be one of: \(words.joined(separator: ", ")).")
        }
        var execution: ExecutionID?
        if let text = exchange.query("executionId") {
            guard let id = ExecutionID(text) else { throw APIError(.invalidFilter, "executionId is no identifier.") }
            execution = id
        }
        let rows = try await stored { [execution] in
            try await self.database.approvals(
                of: exchange.account,
                status: status,
                execution: execution,
                after: position,
                limit: limit + 1
            )
        }
        var next: JSON = .null
        if rows.count > limit, let last = rows.prefix(limit).last {
            next = .string(cursors.encode(PagePosition(time: last.createdAt, id: last.id.bytes)))
        }
        return .json([
            "data": .array(rows.prefix(limit).map { json($0, exchange) }), "nextCursor": next,
            "hasMore": .bool(rows.count > limit),
        ])
    }

    /// GET /approvals/{id}, and the links to decide: shows it, and never decides.
    func showApproval(_ exchange: Exchange) async throws -> Reply {
        let (row, _) = try await approval(exchange)
        return exchange.wantsPage ? page(row, exchange) : .json(json(row, exchange))
    }

    /// POST /approvals/{id}/approve and /reject.
    func decideApproval(_ exchange: Exchange, isApproved: Bool) async throws -> Reply {
        let (row, by) = try await approval(exchange)
        guard let header = exchange.request.headers["idempotency-key"], !exchange.wantsPage else {
            return try await decide(row, by: by, exchange, isApproved: isApproved)
        }
        // The key belongs to the account of the approval, whether an API key or the link is shown.
        let place = NamedRequest.Place(
            account: row.account,
            method: .post,
            path: "/approvals/{id}/\(isApproved ? "approve" : "reject")"
        )
        let response = try await once(header, place, exchange, bodyAtMost: Self.decisionBytes) { exchange in
            try await decide(row, by: by, exchange, isApproved: isApproved)
        }
        return .raw(response)
    }

    /// The longest body of a decision.
    private static let decisionBytes = 256 << 10

    private func decide(
        _ row: ApprovalRow,
        by: String,
        _ exchange: Exchange,
        isApproved: Bool
    ) async throws -> Reply {
        let body = try await decisionBody(row, exchange)
        guard row.status == "pending" else { return try decided(row, exchange) }
        if isApproved { try check(body.data, of: row) }
        let decision = ApprovalDecision(
            isApproved: isApproved,
            by: by,
            comment: body.comment,
            data: body.data,
            at: exchange.now
        )
        var after = row
        after.status = isApproved ? "approved" : "rejected"
        (after.decidedBy, after.decidedAt) = (by, decision.at)
        (after.comment, after.data) = (body.comment, body.data.isNull ? Optional.none : body.data)
        let answer = exchange.answer(.json(json(after, exchange)), location: nil)
        let result: DecisionResult
        do {
            result = try await runs.decide(row, decision, answering: answer)
        } catch {
            throw APIError(runtime: error)
        }
        let now = try await stored { try await self.database.approval(row.id) } ?? after
        guard case .stored = result else { return try decided(now, exchange) }
        return exchange.wantsPage ? page(now, exchange) : .json(json(now, exchange))
    }

    // MARK: Parts

    /// The approval that the path names, and who asks, by a token of its own or by a key.
    private func approval(_ exchange: Exchange) async throws -> (ApprovalRow, by: String) {
        let missing = APIError(.resourceNotFound, "Approval not found", ["kind": "approval"])
        let id: ApprovalID = try exchange.identifier(0, orElse: missing)
        let by: String
        var account: AccountID?
        if let token = exchange.query("token") {
            guard approvalLinks.allows(token, id) else {
                throw failedAuthentication(
                    APIError(.invalidAccessToken, "The link to this approval is not valid. Ask for a new one."),
                    from: exchange.client,
                    at: exchange.now
                )
            }
            by = "link"
        } else {
            let principal = try await principal(of: exchange.request, at: exchange.now)
            try await limiter.charge(.requests, principal.account, at: exchange.now)
            try principal.require("approvals:write")
            (by, account) = (principal.actor, principal.account)
        }
        guard let row = try await stored({ try await self.database.approval(id) }),
            account == nil || row.account == account
        else { throw missing }
        return (row, by)
    }

    private func check(_ data: JSON, of row: ApprovalRow) throws(APIError) {
        guard let form = row.request["form"], !form.isNull, let schema = try? JSONSchema(form),
            let problem = schema.problems(in: data).first
        else { return }
        throw .field("data", "does not fit the form: \(problem)")
    }

    /// The answer to a decision that came after the first, or after the end.
    private func decided(_ row: ApprovalRow, _ exchange: Exchange) throws(APIError) -> Reply {
        if exchange.wantsPage { return page(row, exchange, status: 409) }
        let isPending = row.status == "pending"
        throw APIError(
            .approvalDecided,
            isPending || row.status == "expired"
                ? "Nobody has decided in time; the approval has expired."
                : "The approval was \(row.status) before. One decision is enough.",
            [
                "decision": .string(isPending ? "expired" : row.status),
                "decidedBy": row.decidedBy.map(JSON.string) ?? .null,
                "decidedAt": row.decidedAt.map { .string($0.description) } ?? .null,
            ]
        )
    }

    private func decisionBody(
        _ row: ApprovalRow,
        _ exchange: Exchange
    ) async throws -> (comment: String?, data: JSON) {
        if exchange.mediaType == "application/x-www-form-urlencoded" {
            let text = String(decoding: try await exchange.bytes(atMost: Self.decisionBytes), as: UTF8.self)
            guard let items = PercentCoding.items(text[...]) else {
                throw APIError(.badRequest, "The form holds a broken escape, or too many fields.")
            }
            return try ApprovalForm(row.request["form"] ?? .null).decision(items)
        }
        let fields = try Fields(try await exchange.object(atMost: Self.decisionBytes), known: ["comment", "data"])
        return (try fields.string("comment"), fields["data"] ?? .null)
    }

    private func page(_ row: ApprovalRow, _ exchange: Exchange, status: Int = 200) -> Reply {
        let token = exchange.query("token") ?? ""
        let payload = payload(row, exchange)
        return .raw(ApprovalPage(row: row, payload: payload, token: token, now: exchange.now).response(status: status))
    }

    private func payload(_ row: ApprovalRow, _ exchange: Exchange) -> JSON {
        guard let value = row.request["payload"].flatMap(Value.init(record:)) else { return .null }
        return ValueWriter(links: links, base: base(exchange), now: exchange.now).json(value)
    }

    private func json(_ row: ApprovalRow, _ exchange: Exchange) -> JSON {
        func time(_ time: Instant?) -> JSON { time.map { .string($0.description) } ?? .null }
        return [
            "id": .string(row.id.description), "executionId": .string(row.execution.description),
            "workflowId": .string(row.workflow.description), "nodeId": .string(row.node),
            "address": .string(row.address), "title": row.request["title"] ?? .null,
            "message": row.request["message"] ?? .null, "payload": payload(row, exchange),
            "form": row.request["form"] ?? .null, "assignees": row.request["assignees"] ?? [],
            "status": .string(row.status), "createdAt": time(row.createdAt), "expiresAt": time(row.expiresAt),
            "onTimeout": row.request["onTimeout"] ?? .null, "decidedBy": row.decidedBy.map(JSON.string) ?? .null,
            "decidedAt": time(row.decidedAt), "comment": row.comment.map(JSON.string) ?? .null,
            "data": row.data ?? .null, "links": approvalLinks.json(row.id, base: base(exchange)),
        ]
    }
}

extension Exchange {
    /// Whether a browser asks.
    fileprivate var wantsPage: Bool { request.headers["accept"]?.contains("text/html") ?? false }
}
