import Catalog
import Engine
import Storage
import Values
import Workflows

extension Audit {
    /// The most an attempt can cost.
    static let upper = Money(nano: 100_000_000)

    /// Every attempt is booked with the price of its own job, once, and the run with the sum.
    func checkMoney(_ story: Story, _ row: ExecutionRow, _ view: RunView) throws {
        let run = story.run
        let jobs = Dictionary(grouping: vendor.accepted, by: \.attempt)
        var sum = run.nodeRuns.reduce(run.outside.batch?.cost ?? .zero) { $0 + $1.run.childCost }
        var hasLate = false
        for address in story.addresses {
            let type = run.plan.nodes[address.node].type.id
            for attempt in run.attempts(address) {
                let name = story.name(address, attempt)
                let bought = jobs[name] ?? []
                try check(attempt, name, bought, type)
                sum += attempt.cost
                guard attempt.isAbandoned else { continue }
                hasLate = true
                ground.note("money: a late job")
                sum += vendor.lateJob(attempt.keep, of: type, for: name)?.price ?? .zero
            }
        }
        guard row.spent == view.cost else {
            throw Report(complaint: .wrongMoney, text: "it spent \(row.spent.nano) and shows \(view.cost.nano)")
        }
        guard row.spent == sum else {
            throw Report(complaint: .wrongMoney, text: "it spent \(row.spent.nano) and has bought for \(sum.nano)")
        }
        guard hasLate || view.record == run.view.record else {
            throw Report(complaint: .wrongJournal, text: "its journal tells something else than its result")
        }
    }

    private func check(
        _ attempt: Attempt,
        _ name: String,
        _ bought: [SimulatedVendor.Job],
        _ type: String
    ) throws {
        guard bought.count <= 1 || type == "llm:safe" else {
            throw Report(complaint: .sameAttemptTwice, text: "\(name) was bought \(bought.count) times")
        }
        let isBooked = bought.contains { $0.price == attempt.cost }
        switch attempt.state {
        case .succeeded where !isBooked:
            throw Report(complaint: .wrongMoney, text: "the attempt \(name) is booked with \(attempt.cost.nano)")
        case .failed(let error) where !bought.isEmpty && type != "llm:safe":
            guard isBooked || attempt.isAbandoned || error.accepted == .unknown else {
                throw Report(complaint: .wrongMoney, text: "the attempt \(name) failed and the vendor has it")
            }
        case .withdrawn where !bought.isEmpty:
            throw Report(complaint: .boughtAgain, text: "\(name) was taken back and the vendor has it")
        default: break
        }
    }

    /// Whatever its jobs had cost in the end, a run was never able to come to more than its cap.
    func checkCap(_ run: Run) throws {
        guard let cap = run.facts.maximumCost else { return }
        let highest = max(cap, Client.raisedCap < cap || run.budget.cap == cap ? cap : Client.raisedCap)
        let id = run.facts.execution.description
        // A person who lets a call be made again takes what the first one may cost.
        let jobs = vendor.accepted.filter { $0.attempt.hasPrefix("\(id) ") && !book.isPermitted($0.attempt) }
        for job in jobs {
            let before = jobs.filter { $0.acceptedAt <= job.acceptedAt }
            let held = before.reduce(Money.zero) { $0 + ($1.doneAt > job.acceptedAt ? Self.upper : $1.price) }
            guard held <= highest else {
                throw Report(complaint: .overspent, text: "\(held.nano) was possible when \(job.attempt) was bought")
            }
        }
    }
}
