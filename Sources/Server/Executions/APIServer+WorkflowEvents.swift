import Engine
import EventLoop
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// GET /workflows/{id}/events: the unfinished runs of a workflow, and then what happens in all of its runs.
    ///
    /// It cannot be resumed, so nothing in it has a number; whoever comes again begins with the unfinished runs.
    func workflowEvents(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        return .events { writer in
            var watch = WorkflowWatch(workflow: row.id, account: exchange.account)
            try await self.stream(&watch, exchange, to: writer)
        }
    }

    /// The runs of a workflow that are followed for one reader.
    struct WorkflowWatch {
        /// A run that has not ended as far as the reader knows.
        struct Followed {
            let plan: Plan
            /// The last event that the reader needs no more.
            var after: Int64 = 0
            var events: PublicEvents?
            /// What was seen of it in memory when its events were last read.
            var change: Int64?
        }

        let workflow: WorkflowID
        let account: AccountID
        var runs: [ExecutionID: Followed] = [:]
        /// The newest runs that are known, whether they are followed or over.
        var known: [ExecutionID: Instant] = [:]
        /// The newest acceptance that was seen.
        var newest = Instant(microseconds: 0)

        /// The most runs that are followed at a time.
        static let most = 1000
        /// How much older than the newest one an acceptance may be that is committed after it.
        static let overlap = Duration.seconds(5)
        /// How long is waited between two looks.
        static let pause = Duration.milliseconds(250)
        /// How many looks without news are followed by a word that the connection lives.
        static let quietLooks = 60

        /// The runs that were accepted since shortly before the newest one, and all later ones.
        var lately: ExecutionFilter {
            var filter = ExecutionFilter(.workflow(workflow), of: account)
            filter.from = newest + (.zero - Self.overlap)
            return filter
        }

        /// The runs that have not ended.
        var unfinished: ExecutionFilter {
            var filter = ExecutionFilter(.workflow(workflow), of: account)
            filter.statuses = ["RUNNING"]
            return filter
        }

        /// Notes a run that was seen.
        ///
        /// - Returns: Whether it is new.
        mutating func note(_ row: ExecutionRow) -> Bool {
            newest = max(newest, row.facts.createdAt)
            return known.updateValue(row.facts.createdAt, forKey: row.facts.id) == nil
        }

        /// Forgets runs that are not looked for again.
        mutating func forget() {
            let oldest = newest + (.zero - Self.overlap)
            known = known.filter { $0.value >= oldest || runs[$0.key] != nil }
        }
    }

    private func stream(
        _ watch: inout WorkflowWatch,
        _ exchange: Exchange,
        to output: HTTPBodyWriter
    ) async throws {
        try await output.write("retry: 2000\n\n\(try await snapshot(&watch, exchange))")
        var quiet = 0
        while !Task.isCancelled {
            for row in try await executions(watch.lately) where watch.note(row) {
                guard watch.runs.count < WorkflowWatch.most else { continue }
                watch.runs[row.facts.id] = .init(plan: try await plans.plan(row.facts.graph))
            }
            watch.forget()
            var isQuiet = true
            for id in watch.runs.keys.sorted() {
                let text = try await news(id, &watch, exchange)
                guard !text.isEmpty else { continue }
                isQuiet = false
                try await output.write(text)
            }
            quiet = isQuiet ? quiet + 1 : 0
            if quiet == WorkflowWatch.quietLooks {
                quiet = 0
                try await output.write(": ping\n\n")
            }
            try await exchange.request.loop.sleep(for: WorkflowWatch.pause)
        }
    }

    /// The unfinished runs as the first event, from which on they are followed.
    private func snapshot(_ watch: inout WorkflowWatch, _ exchange: Exchange) async throws -> String {
        var items: [JSON] = []
        let unfinished = try await executions(watch.unfinished)
        // What is accepted while the others are read is followed from its beginning.
        watch.newest = exchange.now
        for row in unfinished {
            guard watch.note(row), let seen = try await runs.handle(row.facts.id)?.snapshot else { continue }
            watch.runs[row.facts.id] = .init(plan: seen.run.plan, after: seen.run.lastEvent)
            items.append(item(row, seen.view, exchange, withNodes: false))
        }
        for row in try await executions(watch.lately) where row.endedAt != nil { _ = watch.note(row) }
        let data: JSON = [
            "workflowId": .string(watch.workflow.description), "executions": .array(items),
            "hasMore": .bool(unfinished.count == WorkflowWatch.most),
        ]
        return "event: snapshot\ndata: \(data.text)\n\n"
    }

    /// What has happened in a run since it was last looked at; one that has ended is followed no more.
    private func news(
        _ id: ExecutionID,
        _ watch: inout WorkflowWatch,
        _ exchange: Exchange
    ) async throws -> String {
        guard var followed = watch.runs[id] else { return "" }
        let change = try await runs.handle(id)?.snapshot.change
        guard change == nil || change != followed.change else { return "" }
        followed.change = change
        let text = try await news(
            id,
            followed.plan,
            after: followed.after,
            &followed.events,
            exchange,
            isNumbered: false
        )
        let isOver = change == nil || followed.events?.run.end != nil
        watch.runs[id] = isOver ? nil : followed
        return text
    }

    /// The executions of a filter, newest first, as many as are followed at most.
    private func executions(_ filter: ExecutionFilter) async throws -> [ExecutionRow] {
        var rows: [ExecutionRow] = []
        var position: PagePosition?
        repeat {
            let page = try await database.executions(filter, after: position, limit: 100, withResult: false)
            rows += page.rows
            position = page.next
        } while position != nil && rows.count < WorkflowWatch.most
        return Array(rows.prefix(WorkflowWatch.most))
    }
}
