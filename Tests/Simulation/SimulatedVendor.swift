import EventLoop
package import Values

import Synchronization

/// A vendor outside all servers: it remembers every job that it has accepted, and what each costs.
package final class SimulatedVendor: Sendable {
    /// A job that the vendor has accepted, and bills.
    package struct Job: Sendable {
        /// The vendor's name for it.
        package let id: String
        /// The attempt it was accepted for: `execution address attempt`.
        package let attempt: String
        /// The node run it was accepted for: `execution address`.
        package let nodeRun: String
        /// What it makes.
        package let result: String
        /// Whether it may be made as often as one likes.
        package let isRepeatable: Bool
        /// When it is done, by the stepped clock.
        package let doneAt: UInt64
        /// What it costs.
        package let price: Money
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
    package func accept(attempt: String, nodeRun: String, prompt: String, type: String) -> Job {
        if type == "llm:key", let known = accepted(for: attempt) { return known }
        let isRepeatable = type == "llm:safe"
        let time = UInt64(ground.pick(50..<4000)) * 1_000_000
        return jobs.withLock { jobs in
            let job = Job(
                id: "job\(jobs.count)",
                attempt: attempt,
                nodeRun: nodeRun,
                result: "<\(prompt)>",
                isRepeatable: isRepeatable,
                doneAt: ground.clock.now + time,
                price: Money(nano: 1_000_000 + Int64(prompt.utf8.count))
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
}
