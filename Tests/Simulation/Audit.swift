import Catalog
import Engine
import Storage
package import Values
import Workflows

/// What a run has come to.
package struct Ending: Sendable, Hashable {
    /// The public status.
    package var status: String
    /// The stable code of the failure.
    package var code: String?
    /// The values of its result, by node.
    package var results: [String: Value]
    /// How many of its items have completed, when it is a batch.
    package var items: Int?
}

/// Compares what a world came to with what must be: each job with its intent, each result with its journal.
struct Audit {
    let vendor: SimulatedVendor
    let book: Book
    let plans: Plans
    let ground: Ground
    /// What runs come to when nothing goes wrong, by the place of the workflow.
    let reference: [Int: Ending]
    /// How many more jobs of a node run were wanted because a result was not good enough.
    private(set) var regenerations: [String: Int] = [:]

    init(vendor: SimulatedVendor, book: Book, plans: Plans, ground: Ground, reference: [Int: Ending]) {
        self.vendor = vendor
        self.book = book
        self.plans = plans
        self.ground = ground
        self.reference = reference
    }

    /// Checks a run, which need not have ended when nobody was promised anything about it.
    ///
    /// - Returns: What a promised run has come to.
    mutating func check(_ row: ExecutionRow, _ entries: [JournalEntry], _ promise: Book.Promise?) throws -> Ending? {
        let plan = try plans.plan(row.facts.graph)
        let story = try Story(of: row, entries, plan, ground)
        for (name, count) in story.regenerations { regenerations[name, default: 0] += count }
        guard let result = row.result, let view = RunView(record: try JSON(parsing: result)) else {
            if promise == nil { return nil }
            throw Report(complaint: .takenBack, text: "it was shown as ended and has no result")
        }
        try checkCap(story.run)
        try checkMoney(story, row, view)
        guard let promise else { return nil }
        let ending = Ending(
            status: row.status,
            code: row.errorCode,
            results: view.resultValues,
            items: view.batch?.completed
        )
        try check(ending, promise)
        return ending
    }

    private func check(_ ending: Ending, _ promise: Book.Promise) throws {
        guard let expected = reference[promise.workflow], ending != expected else { return }
        if promise.isCancelled, ending.status == "CANCELLED" { return }
        if let code = ending.code, plans.all[promise.workflow].order.otherEnds.contains(code) { return }
        throw Report(complaint: .wrongEnd, text: "it came to \(ending) and not to \(expected)")
    }

    /// No node run is bought more often than it may be.
    func checkVendor() {
        for (nodeRun, jobs) in Dictionary(grouping: vendor.accepted, by: \.nodeRun) where !jobs[0].isRepeatable {
            let allowed = 1 + book.permits(of: nodeRun) + regenerations[nodeRun, default: 0]
            if jobs.count > allowed {
                book.report(.boughtAgain, "\(nodeRun) was bought \(jobs.count) times, \(allowed) are allowed")
            }
        }
    }
}
