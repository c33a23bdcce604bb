import HTTPValues
import Runtime
import Storage
import Values

extension APIServer {
    /// Tells again what nobody has taken, or starts again what could not be started; once.
    func redeliver(_ letter: DeadLetter, _ exchange: Exchange) async throws -> Reply {
        let again: Redelivered
        switch letter.status {
        case .open: again = try await redelivery(of: letter, exchange)
        case .retried: return Self.reply(letter, to: nil, isRepeated: true)
        case .discarded: throw Self.closed(letter)
        }
        var done = letter
        done.retriedAs = again.execution
        let reply = Self.reply(done, to: again.place, isRepeated: false)
        let answer = exchange.answer(reply, location: again.place)
        let isFirst = try await stored {
            try await self.database.redeliver(
                letter,
                again.what,
                as: again.execution,
                at: exchange.now,
                answering: answer
            )
        }
        guard isFirst else {
            // Somebody else was faster.
            let now = try await deadLetter(exchange)
            guard now.status == .retried else { throw Self.closed(now) }
            return Self.reply(now, to: nil, isRepeated: true)
        }
        runs.lookAtTriggers()
        return reply
    }

    /// What is done again for a letter.
    private struct Redelivered {
        let what: Redelivery
        /// The execution that is started.
        var execution: ExecutionID?
        /// Where it can be seen what became of it.
        let place: String
    }

    private func redelivery(of letter: DeadLetter, _ exchange: Exchange) async throws -> Redelivered {
        // The same name as before: whoever has taken it already knows.
        let name = DeliveryID(high: letter.id.high, low: letter.id.low)
        if letter.kind == .schedule {
            guard let id = letter.payload["scheduleId"]?.string.flatMap(ScheduleID.init),
                let time = letter.payload["plannedAt"]?.string.flatMap(Instant.init),
                let schedule = try await stored({ try await self.database.schedule(id) }),
                schedule.account == letter.account
            else { throw Self.undeliverable("The schedule of the dead letter is gone.", letter) }
            let delivery = Delivery.slot(id, at: time, as: name, due: exchange.now)
            return Redelivered(
                what: .delivery(delivery),
                execution: delivery.execution,
                place: Self.pollPath(delivery.execution)
            )
        }
        guard let id = letter.payload["callbackId"]?.string.flatMap(CallbackID.init) else {
            guard let execution = letter.execution,
                try await stored({ try await self.database.execution(execution) }) != nil
            else { throw Self.undeliverable("The execution of the dead letter is gone.", letter) }
            return Redelivered(
                what: .delivery(.callback(of: execution, as: name, due: exchange.now)),
                place: Self.pollPath(execution)
            )
        }
        guard let callback = try await stored({ try await self.database.callback(id) }),
            let told = letter.payload["deliveryId"]?.string.flatMap(DeliveryID.init),
            let delivery = try await stored({ try await self.database.callbackDelivery(told) })
        else { throw Self.undeliverable("The subscription of the dead letter, or its message, is gone.", letter) }
        guard callback.isActive else {
            throw Self.undeliverable("The subscription \(id) is switched off. Switch it on first.", letter)
        }
        return Redelivered(what: .notice(delivery), place: "/api/v1/callbacks/\(id)/deliveries")
    }

    private static func undeliverable(_ text: String, _ letter: DeadLetter) -> APIError {
        APIError(.deadLetterUndeliverable, text, ["kind": .string(letter.kind.rawValue)])
    }

    private static func reply(_ letter: DeadLetter, to place: String?, isRepeated: Bool) -> Reply {
        var links = JSONObject()
        if let execution = letter.retriedAs ?? letter.execution { links["poll"] = .string(pollPath(execution)) }
        if let callback = letter.payload["callbackId"]?.string {
            links["deliveries"] = .string("/api/v1/callbacks/\(callback)/deliveries")
        }
        let body: JSON = [
            "id": .string(letter.id.description),
            "executionId": (letter.retriedAs?.description).map(JSON.string) ?? .null,
            "retryOf": (letter.execution?.description).map(JSON.string) ?? .null, "status": "retried",
            "repeated": .bool(isRepeated), "links": .object(links),
        ]
        let location = place ?? (links["deliveries"] ?? links["poll"])?.string
        var headers: HTTPFields = [:]
        headers["location"] = location
        return .json(body, status: 202, headers: headers)
    }
}
