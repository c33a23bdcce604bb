import Engine
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values

extension APIServer {
    /// GET /dead-letters: what failed for good, newest first.
    func listDeadLetters(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        var filter = DeadLetterFilter()
        filter.kind = try word("kind", exchange)
        filter.status = try word("status", exchange)
        filter.workflow = try filterIdentifier("workflowId", exchange)
        filter.execution = try filterIdentifier("executionId", exchange)
        let wanted = filter
        let letters = try await stored {
            try await self.database.deadLetters(of: exchange.account, wanted, after: position, limit: limit + 1)
        }
        let page = letters.prefix(limit)
        var next: JSON = .null
        if letters.count > limit, let last = page.last {
            next = .string(cursors.encode(PagePosition(time: last.createdAt, id: last.id.bytes)))
        }
        return .json([
            "data": .array(page.map(\.json)), "nextCursor": next, "hasMore": .bool(letters.count > limit),
        ])
    }

    /// POST /dead-letters/{id}/retry: once; asked again, it names the execution that tried it.
    func retryDeadLetter(_ exchange: Exchange) async throws -> Reply {
        let object = try await exchange.object()
        let letter = try await deadLetter(exchange)
        if letter.kind == .callback || letter.kind == .schedule {
            _ = try Fields(object, known: [])
            return try await redeliver(letter, exchange)
        }
        let body = try RetryRequest(object, allowsPayload: true)
        if let done = letter.retriedAs { return Self.reply(letter, as: done, isRepeated: true) }
        guard letter.status == .open, let execution = letter.execution
        else { throw Self.closed(letter) }
        let missing = APIError(.executionNotFound, "The execution of the dead letter is gone; discard the letter.")
        let preparation = try await preparation(of: execution, body, exchange, orElse: missing)
        do {
            let receipt: @Sendable (Run) -> JSON = { run in
                Self.redriven(letter, as: run.facts.execution, isRepeated: false)
            }
            let handle = try await accept(
                preparation,
                Redrive(of: execution, isExclusive: true),
                exchange,
                answering: answer(to: exchange, status: 202, receipt)
            )
            return Self.reply(letter, as: handle.id, isRepeated: false)
        } catch let error as APIError where error.code == .deadLetterClosed {
            // Somebody else was faster.
            let now = try await deadLetter(exchange)
            guard let done = now.retriedAs else { throw Self.closed(now) }
            return Self.reply(letter, as: done, isRepeated: true)
        }
    }

    /// DELETE /dead-letters/{id}: gives it up.
    func discardDeadLetter(_ exchange: Exchange) async throws -> Reply {
        let letter = try await deadLetter(exchange)
        let isDone = try await stored { try await self.database.discardDeadLetter(letter.id) }
        guard isDone || letter.status == .discarded else { throw Self.closed(try await deadLetter(exchange)) }
        return .empty(headers: [:])
    }

    // MARK: Parts

    func deadLetter(_ exchange: Exchange) async throws -> DeadLetter {
        let missing = APIError(.resourceNotFound, "Dead letter not found", ["kind": "dead_letter"])
        let id: DeadLetterID = try exchange.identifier(0, orElse: missing)
        guard let letter = try await stored({ try await self.database.deadLetter(id) }),
            letter.account == exchange.account
        else { throw missing }
        return letter
    }

    private static func reply(_ letter: DeadLetter, as execution: ExecutionID, isRepeated: Bool) -> Reply {
        .json(
            redriven(letter, as: execution, isRepeated: isRepeated),
            status: 202,
            headers: ["location": pollPath(execution)]
        )
    }

    private static func redriven(_ letter: DeadLetter, as execution: ExecutionID, isRepeated: Bool) -> JSON {
        [
            "id": .string(letter.id.description), "executionId": .string(execution.description),
            "retryOf": (letter.execution?.description).map(JSON.string) ?? .null, "status": "retried",
            "repeated": .bool(isRepeated), "links": ["poll": .string(pollPath(execution))],
        ]
    }

    static func closed(_ letter: DeadLetter) -> APIError {
        APIError(
            .deadLetterClosed,
            "The dead letter is \(letter.status.rawValue), of the kind \(letter.kind.rawValue), and cannot be changed so.",
            ["deadLetterStatus": .string(letter.status.rawValue)]
        )
    }
}

extension DeadLetter {
    fileprivate var json: JSON {
        [
            "id": .string(id.description), "kind": .string(kind.rawValue),
            "workflowId": (workflow?.description).map(JSON.string) ?? .null,
            "executionId": (execution?.description).map(JSON.string) ?? .null,
            "nodeId": node.map(JSON.string) ?? .null, "address": address.map(JSON.string) ?? .null,
            "reason": .string(reason), "error": error, "attempts": .int(attempts), "payload": payload,
            "createdAt": .string(createdAt.description), "status": .string(status.rawValue),
            "retriedAs": (retriedAs?.description).map(JSON.string) ?? .null,
        ]
    }
}
