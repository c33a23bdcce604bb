import Engine
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// GET …/events: the journal as server-sent events, from any event on, and then live.
    func events(_ exchange: Exchange) async throws -> Reply {
        let missing = APIError(.executionNotFound, "Execution not found", ["param": "id"])
        let id: ExecutionID = try exchange.identifier(0, orElse: missing)
        guard let row = try await stored({ try await self.database.execution(id) }),
            exchange.mayRead(id, of: row.facts.account)
        else { throw missing }
        let sent = exchange.request.headers["last-event-id"] ?? exchange.query("after") ?? "0"
        guard let after = Int64(sent), after >= 0 else {
            throw APIError.field("after", "must be the number of an event")
        }
        let plan: Plan
        do {
            plan = try await plans.plan(row.facts.graph)
        } catch {
            throw APIError(runtime: error)
        }
        let stream: HTTPResponse.Stream = { writer in
            try await self.stream(id, plan, after: after, exchange, to: writer)
        }
        return .events(stream)
    }

    private func stream(
        _ id: ExecutionID,
        _ plan: Plan,
        after: Int64,
        _ exchange: Exchange,
        to output: HTTPBodyWriter
    ) async throws {
        try await output.write("retry: 2000\n\n")
        var events: PublicEvents?
        let loop = exchange.request.loop
        while !Task.isCancelled {
            let handle = try await runs.handle(id)
            let change = handle?.snapshot.change
            let text = try await news(id, plan, after: after, &events, exchange)
            if !text.isEmpty { try await output.write(text) }
            if events?.run.end != nil {
                try await output.write("event: end\ndata: {}\n\n")
                return
            }
            // Between the look and the wait nothing is lost: the wait ends at once when there was a newer change.
            guard let handle else {
                // An ended run goes on being read to its end; where its journal was removed, there is none to read.
                guard text.isEmpty else { continue }
                let isOver = try await stored { try await self.database.execution(id) }?.endedAt != nil
                guard isOver, try await news(id, plan, after: after, &events, exchange).isEmpty else { continue }
                try await output.write("event: end\ndata: {}\n\n")
                return
            }
            let seen = await handle.snapshot(after: change ?? 0, within: .seconds(15), on: loop)
            if seen.change == change { try await output.write(": ping\n\n") }
        }
    }

    /// What the journal has that was not sent yet, as text; where nothing can be resumed, without numbers.
    func news(
        _ id: ExecutionID,
        _ plan: Plan,
        after: Int64,
        _ events: inout PublicEvents?,
        _ exchange: Exchange,
        isNumbered: Bool = true
    ) async throws -> String {
        var text = ""
        while true {
            let entries = try await database.journal(of: id, after: events?.run.lastEvent ?? 0, limit: 200)
            for entry in entries where !entry.body.isEmpty {
                if events == nil {
                    let facts = try Event.facts(of: entry.body)
                    events = PublicEvents(run: Run(plan: plan, facts: facts)) { self.writer($0, exchange) }
                }
                for event in try Event.decode(entry.body, in: plan) {
                    guard let group = events?.take(event), let number = events?.run.lastEvent, number > after else {
                        continue
                    }
                    for (part, entry) in zip(1..., group) {
                        if isNumbered, part == group.count { text += "id: \(number)\n" }
                        var data: JSONObject = ["seq": .int(number), "part": .int(Int64(part))]
                        for member in entry.data { data[member.key] = member.value }
                        text += "event: \(entry.name)\ndata: \(JSON.object(data).text)\n\n"
                    }
                }
            }
            if entries.count < 200 { return text }
        }
    }
}

extension Reply {
    /// Server-sent events, which no cache keeps and no proxy holds back.
    static func events(_ stream: @escaping HTTPResponse.Stream) -> Reply {
        .raw(
            HTTPResponse(
                status: 200,
                headers: [
                    "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no",
                ],
                body: .stream(length: nil, stream)
            )
        )
    }
}
