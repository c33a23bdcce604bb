import Engine
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// POST and PUT /workflow/{webhookId}/trigger: starts the workflow, without an API key.
    func trigger(_ exchange: Exchange) async throws -> Reply {
        try await Self.crossOrigin(exchange) {
            let (hook, settings) = try await self.admit(exchange)
            var body = try await WebhookBody(exchange)
            try self.check(exchange, body, hook)
            var exchange = exchange
            exchange.owner = hook.account
            let names: [HTTPFieldName] = ["idempotency-key", "webhook-id", "x-github-delivery"]
            let name = names.lazy
                .compactMap { exchange.request.headers[$0] }.first
            guard let name else {
                try await body.keepFiles(self, of: hook.account, exchange)
                return self.response(try await self.start(hook, settings, body, exchange), exchange)
            }
            // A sender that repeats a form writes new boundaries: what counts is what stands between them.
            let place = NamedRequest.Place(
                account: hook.account,
                method: exchange.request.method,
                path: "/workflow/{webhookId}/trigger"
            )
            let named = try NamedRequest(
                name,
                place,
                exchange,
                body: body.value.canonicalBytes,
                secret: self.cursors.key
            )
            return try await self.once(named, place, exchange) { [body] exchange in
                var body = body
                try await body.keepFiles(self, of: hook.account, exchange)
                return try await self.start(hook, settings, body, exchange)
            }
        }
    }

    /// GET /workflow/{webhookId}/trigger: what it would start.
    func describeTrigger(_ exchange: Exchange) async throws -> Reply {
        try await Self.crossOrigin(exchange) {
            let hook = try await self.hook(exchange)
            guard let workflow = try await self.stored({ try await self.workflows.workflow(hook.workflow) }) else {
                throw Self.noWebhook
            }
            let isActive = hook.isEnabled && workflow.isActive
            let body: JSON = [
                "workflowId": .string(workflow.id.description), "name": .string(workflow.name),
                "isActive": .bool(isActive),
                "message": .string(isActive ? "Send a POST to start the workflow." : "The webhook is switched off."),
            ]
            return self.response(.json(body), exchange)
        }
    }

    /// OPTIONS /workflow/{webhookId}/trigger: any page may call it.
    func allowTrigger(_ exchange: Exchange) async throws -> Reply {
        var headers = Self.crossOriginHeaders
        headers["access-control-allow-methods"] = "POST, GET, OPTIONS"
        headers["access-control-allow-headers"] =
            "Content-Type, Idempotency-Key, X-Webhook-Signature, X-Request-Id"
        headers["access-control-max-age"] = "86400"
        return .empty(headers: headers)
    }

    // MARK: Who may call

    private func hook(_ exchange: Exchange) async throws -> WebhookRow {
        let id: WebhookID = try exchange.identifier(0, orElse: Self.noWebhook)
        guard let hook = try await stored({ try await self.database.webhook(id) }) else { throw Self.noWebhook }
        return hook
    }

    /// The webhook, if it may be called from there now.
    private func admit(_ exchange: Exchange) async throws -> (WebhookRow, WebhookSettings) {
        let hook = try await hook(exchange)
        let settings = WebhookSettings(record: hook.settings)
        guard hook.isEnabled else { throw APIError(.webhookDisabled, "The webhook is switched off.") }
        guard settings.methods.contains(exchange.request.method) else {
            let methods = settings.methods.map(\.rawValue).joined(separator: ", ")
            var error = APIError(.methodNotAllowed, "This webhook is called with \(methods).")
            error.headers["allow"] = "\(methods), GET, OPTIONS"
            throw error
        }
        let caller = exchange.caller
        guard settings.ipAllow.isEmpty || settings.ipAllow.contains(where: { $0.contains(caller) }) else {
            throw APIError(.forbidden, "Forbidden")
        }
        _ = try chargeWebhook(
            hook.id.description,
            atMost: Int(settings.maxPerMinute),
            from: caller,
            at: exchange.now
        )
        return (hook, settings)
    }

    private func check(_ exchange: Exchange, _ body: WebhookBody, _ hook: WebhookRow) throws(APIError) {
        guard let sealed = hook.secret else { return }
        guard let secret = seals.open(sealed, for: Self.context(hook.workflow)) else {
            throw APIError(.internalError, "The secret of the webhook cannot be read. Set a new one.")
        }
        let header = exchange.request.headers["x-webhook-signature"]
        guard WebhookSignature.isValid(header, body.raw, secret: Array(secret.utf8), at: exchange.now) else {
            throw APIError(
                .invalidWebhookSignature,
                "X-Webhook-Signature is missing, wrong, or older than \(WebhookSignature.tolerance) s."
            )
        }
    }

    // MARK: Starting

    private func start(
        _ hook: WebhookRow,
        _ settings: WebhookSettings,
        _ body: WebhookBody,
        _ exchange: Exchange
    ) async throws -> Reply {
        let execution = starter.newExecutionID(on: exchange.request.loop, at: exchange.now)
        let receipt = receipt(execution, exchange)
        var fields: JSONObject = ["version": "published", "triggerData": body.trigger(exchange)]
        fields["inputs"] = .object(try await boundInputs(body, hook))
        if let credits = settings.maxCreditsPerRun { fields["maxCredits"] = .int(credits) }
        var order = StartOrder(
            account: hook.account,
            workflow: hook.workflow,
            request: try ExecuteRequest(fields, allowsGraph: false),
            origin: RunOrigin(type: "webhook", ip: exchange.caller.description, webhook: hook.id.description),
            at: exchange.now,
            loop: exchange.request.loop,
            execution: execution
        )
        if let run = settings.maxCreditsPerRun, let day = settings.maxCreditsPerDay {
            var link = TriggerLink()
            link.hold = TriggerLink.SpendHold(
                webhook: hook.id,
                day: exchange.now.seconds / 86_400,
                amount: Money(nano: run * configuration.credit.nano),
                limit: Money(nano: day * configuration.credit.nano)
            )
            order.link = link
        }
        if let named = exchange.named {
            let location = Self.pollPath(execution)
            order.answer = { _ in named.answer(status: 202, location: location, body: exchange.wrapped(receipt)) }
        }
        let handle: RunHandle
        do {
            handle = try await starter.start(order)
        } catch let error as APIError where error.code == .budgetExceeded {
            throw Self.spent(settings, try await database.spent(by: hook.id, day: exchange.now.seconds / 86_400), self)
        }
        if settings.isSync {
            let snapshot = await handle.end(within: .seconds(60), on: exchange.request.loop)
            if snapshot.run.end != nil { return .json(outcome(snapshot.view, exchange)) }
        }
        return .json(receipt, status: 202, headers: ["location": Self.pollPath(execution)])
    }

    private static func spent(_ settings: WebhookSettings, _ spent: Money, _ server: APIServer) -> APIError {
        APIError(
            .budgetExceeded,
            "The runs of this webhook may cost no more today. Try again tomorrow, or raise maxCreditsPerDay.",
            [
                "limit": settings.maxCreditsPerDay.map(JSON.int) ?? .null,
                "spent": .int(spent.credits(at: server.configuration.credit)),
            ]
        )
    }

    /// The members of the body that are inputs of the workflow; a webhook's body is data, so others are none.
    private func boundInputs(_ body: WebhookBody, _ hook: WebhookRow) async throws -> JSONObject {
        guard let object = body.value.object, !object.isEmpty else { return JSONObject() }
        guard let row = try await stored({ try await self.workflows.workflow(hook.workflow) }) else {
            throw Self.noWebhook
        }
        let request = try ExecuteRequest(["version": "published"], allowsGraph: false)
        let plan = try await starter.choose(request, row).plan
        var inputs = JSONObject()
        for member in object where RunInputs.takes(member.key, in: plan) { inputs[member.key] = member.value }
        return inputs
    }

    private func receipt(_ execution: ExecutionID, _ exchange: Exchange) -> JSON {
        let (token, expiresAt) = statusTokens.token(execution, at: exchange.now)
        return [
            "executionId": .string(execution.description), "status": "queued",
            "message": "Workflow execution queued successfully",
            "statusUrl": .string("\(Self.pollPath(execution))?token=\(token)"), "statusToken": .string(token),
            "expiresAt": .string(expiresAt.description),
        ]
    }

    /// What a caller that has waited is told about the end of the run.
    private func outcome(_ view: RunView, _ exchange: Exchange) -> JSON {
        let poll = writer(view, exchange).poll(now: exchange.now)
        var body = receipt(view.facts.execution, exchange).object ?? JSONObject()
        body["message"] = Optional.none
        for name in ["status", "phase", "error", "errorCode", "failedNodeId", "finalOutput"] { body[name] = poll[name] }
        return .object(body)
    }

    // MARK: Pages of others

    private static let crossOriginHeaders: HTTPFields = [
        "access-control-allow-origin": "*", "access-control-expose-headers": exposedHeaders,
    ]
    private static let exposedHeaders = "X-Request-Id, Location, Retry-After"

    /// Lets pages of any origin read the answer, also when it is an error.
    private static func crossOrigin(
        _ exchange: Exchange,
        _ work: () async throws -> HTTPResponse
    ) async throws -> Reply {
        do {
            var answer = try await work()
            answer.headers["access-control-allow-origin"] = "*"
            answer.headers["access-control-expose-headers"] = exposedHeaders
            return .raw(answer)
        } catch var error as APIError {
            error.headers["access-control-allow-origin"] = "*"
            error.headers["access-control-expose-headers"] = exposedHeaders
            throw error
        }
    }
}

extension Exchange {
    /// The address of the client.
    var caller: IPAddress { client }
}
