import Catalog
import Engine
import Storage
import Values
import Workflows

/// Compares what a world came to with what must be: each job with its intent, each result with its journal.
struct Audit {
    let vendor: SimulatedVendor
    let book: Book
    let plans: Plans
    let ground: Ground

    /// Checks a run that has ended and gives the outputs of its last node.
    func check(_ row: ExecutionRow, _ entries: [JournalEntry], workflow: Int) throws -> [String: Value] {
        guard row.status == "COMPLETED" else {
            throw Report(complaint: .wrongEnd, text: "it ended \(row.status) with \(row.errorCode ?? "no code")")
        }
        let run = try replay(row, entries, plans.all[workflow].plan)
        guard let result = row.result, let view = RunView(record: try JSON(parsing: result)) else {
            throw Report(complaint: .wrongJournal, text: "its result cannot be read")
        }
        guard view.record == run.view.record else {
            throw Report(complaint: .wrongJournal, text: "its journal tells something else than its result")
        }
        guard row.spent == view.cost else {
            throw Report(complaint: .wrongMoney, text: "it spent \(row.spent.nano) and shows \(view.cost.nano)")
        }
        try checkMoney(run)
        return view.nodes.last?.outputs ?? [:]
    }

    private func replay(_ row: ExecutionRow, _ entries: [JournalEntry], _ plan: Plan) throws -> Run {
        guard let first = entries.first else { throw Report(complaint: .wrongJournal, text: "it has no journal") }
        var run = Run(plan: plan, facts: try Event.facts(of: first.body))
        var time = run.facts.createdAt
        for entry in entries where !entry.body.isEmpty {
            guard entry.first == run.lastEvent + 1 else {
                throw Report(
                    complaint: .wrongJournal,
                    text: "its journal goes on at \(entry.first) after \(run.lastEvent)"
                )
            }
            for event in try Event.decode(entry.body, in: plan) {
                ground.note("event: \(event.kind)")
                run.apply(event)
                guard event.kind != "waiting" else { continue }
                guard event.time >= time else {
                    throw Report(complaint: .wrongJournal, text: "\(event.kind) happened before what it follows")
                }
                time = event.time
            }
        }
        return run
    }

    /// Every attempt that succeeded is booked with the price of its own job, once.
    private func checkMoney(_ run: Run) throws {
        let id = run.facts.execution
        let jobs = Dictionary(grouping: vendor.accepted, by: \.attempt)
        for (address, nodeRun) in run.nodeRuns {
            for attempt in nodeRun.attempts {
                let name = "\(id) \(address.text(in: run.plan)) \(attempt.number)"
                let type = run.plan.nodes[address.node].type
                let bought = jobs[name] ?? []
                guard bought.count <= 1 || type.id == "llm:safe" else {
                    throw Report(complaint: .sameAttemptTwice, text: "\(name) was bought \(bought.count) times")
                }
                let isBooked = bought.contains { $0.price == attempt.cost }
                switch attempt.state {
                case .succeeded where !isBooked:
                    throw Report(
                        complaint: .wrongMoney,
                        text: "the attempt \(name) is booked with \(attempt.cost.nano)"
                    )
                case .failed where !bought.isEmpty && type.id != "llm:safe":
                    throw Report(complaint: .wrongMoney, text: "the attempt \(name) failed and the vendor has it")
                case .withdrawn where !bought.isEmpty:
                    throw Report(complaint: .boughtAgain, text: "\(name) was taken back and the vendor has it")
                default: break
                }
            }
        }
    }

    /// No node run is bought more often than it may be.
    func checkVendor() {
        for (nodeRun, jobs) in Dictionary(grouping: vendor.accepted, by: \.nodeRun) where !jobs[0].isRepeatable {
            let allowed = book.allowance(nodeRun)
            if jobs.count > allowed {
                book.report(.boughtAgain, "\(nodeRun) was bought \(jobs.count) times, \(allowed) are allowed")
            }
        }
    }
}

extension Event {
    /// The word for what happened.
    var kind: String { String(String(describing: self).prefix { $0 != "(" }) }
}
