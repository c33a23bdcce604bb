import EventLoop
package import Values

import Synchronization

/// A vendor outside all servers: it remembers every job that it has accepted, and what each costs.
package final class SimulatedVendor: Sendable {
    /// What somebody wants made.
    struct Order: Sendable {
        /// The name of the node type.
        let type: String
        /// The attempt it is for: `execution address attempt`.
        let attempt: String
        /// The node run it is for: `execution address`.
        let nodeRun: String
        /// What it is made of.
        let prompt: String
    }

    /// A job that the vendor has accepted, and bills.
    package struct Job: Sendable {
        /// The vendor's name for it.
        package let id: String
        /// What was ordered.
        let order: Order
        /// When it was accepted, by the stepped clock.
        let acceptedAt: UInt64
        /// When it is done, by the stepped clock.
        package let doneAt: UInt64
        /// What it costs.
        package let price: Money

        /// The attempt it was accepted for.
        package var attempt: String { order.attempt }
        /// The node run it was accepted for.
        package var nodeRun: String { order.nodeRun }
        /// What it makes.
        package var result: String { "<\(order.prompt)>" }
        /// How good that is: the more was done to it, the better.
        var score: Double { min(1, 0.2 * Double(result.count { $0 == "<" })) }
        /// Whether it may be made as often as one likes.
        package var isRepeatable: Bool { order.type == "llm:safe" }
        /// Whether it is paid and comes to nothing.
        var isFlawed: Bool { order.type == "llm:flaw" }
    }

    private let jobs = Mutex<[Job]>([])
    private let ground: Ground

    package init(ground: Ground) {
        self.ground = ground
    }

    /// All jobs, oldest first.
    package var accepted: [Job] { jobs.withLock { $0 } }

    /// Takes a job: from here on it is paid.
    ///
    /// A key that was seen before gives the first job again.
    func accept(_ order: Order) -> Job {
        if order.type == "llm:key", let known = accepted(for: order.attempt) { return known }
        let time = UInt64(ground.pick(50..<4000)) * 1_000_000
        return jobs.withLock { jobs in
            let job = Job(
                id: "job\(jobs.count)",
                order: order,
                acceptedAt: ground.clock.now,
                doneAt: ground.clock.now + time,
                price: Money(nano: 1_000_000 + Int64(order.prompt.utf8.count))
            )
            jobs.append(job)
            return job
        }
    }

    /// The job that was accepted for an attempt; what a vendor with look-up or key knows.
    package func accepted(for attempt: String) -> Job? {
        jobs.withLock { jobs in jobs.first { $0.attempt == attempt } }
    }

    /// The job of that name.
    package func job(_ id: String) -> Job? { jobs.withLock { jobs in jobs.first { $0.id == id } } }

    /// The job of an attempt that nobody waits for any more, as far as it can be found out.
    ///
    /// - Parameters:
    ///   - keep: What the vendor's answers have left.
    ///   - type: The name of the node type.
    ///   - attempt: The attempt.
    /// - Returns: `nil` when there is none, or nobody knows.
    func lateJob(_ keep: JSON, of type: String, for attempt: String) -> Job? {
        if let id = keep["jobId"]?.string { return job(id) }
        return ["llm:key", "llm:look"].contains(type) ? accepted(for: attempt) : nil
    }
}
