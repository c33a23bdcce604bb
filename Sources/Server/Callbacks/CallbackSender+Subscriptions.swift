import Engine
import HTTPValues
public import Runtime
public import Storage
import Values

extension CallbackSender {
    /// The pauses before a subscription is told again (contract §7.10).
    static let pauses: [Duration] = [1, 4, 16, 60, 300, 1800, 7200, 21_600].map { .seconds($0) }
    /// A subscription that takes nothing for so long is switched off.
    static let patience = Duration.seconds(5 * 86_400)

    /// Tells a subscription about an event, and notes what came of it.
    public func notify(_ delivery: Delivery) async -> DeliveryOutcome {
        do {
            guard let told = try await database.callbackDelivery(delivery.id),
                let callback = try await database.callback(told.callback)
            else { return .done }
            guard callback.isActive || told.event.type == "test" else {
                try await database.abandon(delivery.id, because: "The subscription is switched off.")
                return .removed
            }
            _ = try await database.note(await attempt(told, callback, delivery), of: told)
            return .removed
        } catch {
            return .later(.seconds(5))
        }
    }

    private func attempt(
        _ told: CallbackDelivery,
        _ callback: CallbackRow,
        _ delivery: Delivery
    ) async -> CallbackAttempt {
        let begin = clock()
        let answer = await tell(told, callback, at: begin)
        let now = clock()
        var attempt = CallbackAttempt(
            isTaken: false,
            responseCode: nil,
            durationMs: max(0, (now - begin).wholeMilliseconds),
            error: nil,
            at: begin,
            nextAt: nil,
            letter: nil,
            patience: now + (.zero - Self.patience)
        )
        switch answer {
        case .success(let status):
            attempt.responseCode = Int64(status)
            attempt.isTaken = (200..<300).contains(status)
            if !attempt.isTaken { attempt.error = "The receiver answered \(status)." }
        case .failure(let error): attempt.error = String(error.message.prefix(500))
        }
        guard !attempt.isTaken, told.event.type != "test" else { return attempt }
        if delivery.attempts < Self.pauses.count {
            attempt.nextAt = now + Self.pauses[delivery.attempts]
        } else {
            attempt.letter = letter(told, callback, attempt, at: now)
        }
        return attempt
    }

    private func letter(
        _ told: CallbackDelivery,
        _ callback: CallbackRow,
        _ attempt: CallbackAttempt,
        at now: Instant
    ) -> DeadLetter {
        var random = SystemRandomNumberGenerator()
        var letter = DeadLetter(
            id: DeadLetterID(at: now, random: &random),
            account: callback.account,
            kind: .callback,
            reason: "callback_refused",
            error: ["code": "callback_refused", "message": .string(attempt.error ?? "no answer")],
            attempts: told.attempts + 1,
            payload: [
                "deliveryId": .string(told.id.description), "callbackId": .string(callback.id.description),
                "type": .string(told.event.type),
            ],
            createdAt: now
        )
        (letter.workflow, letter.execution) = (told.event.workflow, told.event.execution)
        return letter
    }

    private func tell(
        _ told: CallbackDelivery,
        _ callback: CallbackRow,
        at now: Instant
    ) async -> Result<Int, NodeError> {
        guard let url = try? HTTPURL(callback.url) else {
            return .failure(NodeError("invalid_input", "The address \(callback.url) cannot be called."))
        }
        guard let secret = Seals(secret: links.key).open(callback.secret, for: APIServer.context(callback.id)) else {
            return .failure(
                NodeError("internal_error", "The secret of the subscription cannot be read. Set a new one.")
            )
        }
        let event = told.event
        let body: JSON = [
            "type": .string(event.type), "timestamp": .string(event.at.description),
            "data": await data(of: event, at: now),
        ]
        let bytes = body.bytes
        let headers: HTTPFields = [
            "content-type": "application/json", "webhook-id": event.id.description,
            "webhook-timestamp": "\(now.seconds)",
            "webhook-signature": Self.signature(of: bytes, id: event.id.description, at: now, secret: secret),
        ]
        return await post(url, headers, bytes)
    }

    /// What is told: what came with the event, or the state in which its execution has ended.
    private func data(of event: OutgoingEvent, at now: Instant) async -> JSON {
        guard event.data.isNull, let id = event.execution else { return event.data }
        guard let row = try? await database.execution(id), let view = try? APIServer.view(row) else {
            return ["executionId": .string(id.description)]
        }
        let values = ValueWriter(links: links, base: publicURL ?? "", now: now)
        return .object(RunWriter(view: view, values: values, credit: credit).poll(now: now))
    }
}
