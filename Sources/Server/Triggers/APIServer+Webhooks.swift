import HTTPValues
import Storage
import Values

extension APIServer {
    /// GET /workflows/{id}/webhook.
    func getWebhook(_ exchange: Exchange) async throws -> Reply {
        let workflow = try await workflow(exchange)
        return .json(try await describe(try await webhook(of: workflow), exchange))
    }

    /// PUT /workflows/{id}/webhook: makes it, or changes how it may be called.
    func putWebhook(_ exchange: Exchange) async throws -> Reply {
        let workflow = try await workflow(exchange)
        let object = try await exchange.object()
        let fields = try Fields(object, known: WebhookSettings.fields)
        let settings = try WebhookSettings(fields, object)
        let former = try await stored { try await self.database.webhook(of: workflow.id) }
        var random = SystemRandomNumberGenerator()
        var row = WebhookRow(
            id: former?.id ?? WebhookID(at: exchange.now, random: &random),
            workflow: workflow.id,
            account: workflow.account,
            isEnabled: try fields.bool("enabled") ?? true,
            secret: former?.secret,
            settings: .object(settings.json),
            createdAt: former?.createdAt ?? exchange.now,
            updatedAt: exchange.now
        )
        // A secret that is left out stays; null takes it away.
        var shown: String?
        if object["secret"]?.isNull == true { row.secret = nil }
        if let text = try fields.string("secret", atMost: 500) {
            guard text == "auto" || text.utf8.count >= 16 else {
                throw APIError.field("secret", "must be auto, null, or a text of at least 16 bytes")
            }
            let secret = text == "auto" ? Seals.newSecret() : text
            if text == "auto" { shown = secret }
            row.secret = try seals.seal(secret, for: Self.context(workflow.id))
        }
        try await stored { [row] in try await self.database.put(row) }
        var body = try await describe(row, exchange).object ?? JSONObject()
        if let shown { body["secret"] = .string(shown) }
        body["warnings"] = .array(fields.warnings)
        return .json(.object(body))
    }

    /// POST /workflows/{id}/webhook/rotate: a new address, and a new secret where there was one.
    func rotateWebhook(_ exchange: Exchange) async throws -> Reply {
        let workflow = try await workflow(exchange)
        _ = try Fields(try await exchange.object(), known: [])
        var row = try await webhook(of: workflow)
        var random = SystemRandomNumberGenerator()
        row.id = WebhookID(at: exchange.now, random: &random)
        row.updatedAt = exchange.now
        var shown: String?
        if row.secret != nil {
            let secret = Seals.newSecret()
            row.secret = try seals.seal(secret, for: Self.context(workflow.id))
            shown = secret
        }
        try await stored { [row] in try await self.database.put(row) }
        var body = try await describe(row, exchange).object ?? JSONObject()
        if let shown { body["secret"] = .string(shown) }
        return .json(.object(body))
    }

    /// DELETE /workflows/{id}/webhook.
    func deleteWebhook(_ exchange: Exchange) async throws -> Reply {
        let workflow = try await workflow(exchange)
        let isGone = try await stored { try await self.database.removeWebhook(of: workflow.id) }
        guard isGone else { throw Self.noWebhook }
        return .empty()
    }

    static let noWebhook = APIError(.webhookNotFound, "There is no such webhook.", ["param": "id"])

    /// What the secret of a workflow's webhook is sealed for.
    static func context(_ workflow: WorkflowID) -> String { "webhook:\(workflow)" }

    /// The address of a webhook; without a public address of the server, its path.
    func webhookURL(_ id: WebhookID) -> String {
        "\(configuration.publicURL ?? "")/api/v1/workflow/\(id)/trigger"
    }

    private func webhook(of workflow: WorkflowRow) async throws -> WebhookRow {
        guard let row = try await stored({ try await self.database.webhook(of: workflow.id) }) else {
            throw Self.noWebhook
        }
        return row
    }

    private func describe(_ row: WebhookRow, _ exchange: Exchange) async throws -> JSON {
        let settings = WebhookSettings(record: row.settings)
        let spent = try await stored { try await self.database.spent(by: row.id, day: exchange.now.seconds / 86_400) }
        var object: JSONObject = [
            "webhookId": .string(row.id.description), "webhookUrl": .string(webhookURL(row.id)),
            "workflowId": .string(row.workflow.description), "enabled": .bool(row.isEnabled),
            "hasSecret": .bool(row.secret != nil),
        ]
        for member in settings.json { object[member.key] = member.value }
        object["creditsToday"] = .int(spent.credits(at: configuration.credit))
        object["createdAt"] = .string(row.createdAt.description)
        object["updatedAt"] = .string(row.updatedAt.description)
        return .object(object)
    }
}
