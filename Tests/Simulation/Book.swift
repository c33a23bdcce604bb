import Engine
import Values

import Synchronization

/// What the outside of a world knows: what it was promised, what it has seen, and every promise that was broken.
package final class Book: Sendable {
    /// A run that was acknowledged.
    struct Promise: Sendable {
        /// The place of its workflow.
        let workflow: Int
        /// The number of the last event that was shown.
        var lastEvent: Int64 = 0
        /// Which server showed it, and when by the stepped clock.
        var seen: (server: Int, at: UInt64) = (0, 0)
        /// The states of nodes that were shown as final, by node.
        var final: [String: String] = [:]
        /// The public status once it was shown as terminal.
        var end: String?
        /// When the first answer to an attempt of unknown outcome was taken, by the stepped clock.
        var answered: [String: UInt64] = [:]
    }

    private struct State {
        var promises: [ExecutionID: Promise] = [:]
        /// The attempts, as `execution address attempt`, after which the vendor may be asked once more.
        var permits: Set<String> = []
        var reports: [Report] = []
        var starting = 0
        var isClosed = false
        /// When the vendor's call about an attempt was acknowledged, by the stepped clock.
        var told: [String: UInt64] = [:]
    }

    private let state = Mutex(State())

    /// Notes that something must not be.
    package func report(_ complaint: Complaint, _ text: String) {
        state.withLock { if $0.reports.count < 20 { $0.reports.append(Report(complaint: complaint, text: text)) } }
    }

    /// What must not be and was.
    package var reports: [Report] { state.withLock { $0.reports } }

    /// The acknowledged runs.
    var promises: [ExecutionID: Promise] { state.withLock { $0.promises } }

    /// How many starts have no answer yet.
    var starting: Int { state.withLock { $0.starting } }

    /// Whether the world has ended: nobody need watch any more.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func close() { state.withLock { $0.isClosed = true } }

    func begin() { state.withLock { $0.starting += 1 } }

    /// Notes how a start ended; `nil` when nobody can say whether the run was accepted.
    func end(_ accepted: (id: ExecutionID, workflow: Int)?) {
        state.withLock { state in
            state.starting -= 1
            if let accepted { state.promises[accepted.id] = Promise(workflow: accepted.workflow) }
        }
    }

    /// Allows one more job after an attempt: somebody said that it may be bought again.
    func permit(_ attempt: String) { state.withLock { _ = $0.permits.insert(attempt) } }

    /// How often a node run may be bought.
    func allowance(_ nodeRun: String) -> Int {
        1 + state.withLock { state in state.permits.count { $0.hasPrefix("\(nodeRun) ") } }
    }

    /// Notes that an answer about an attempt was acknowledged.
    func acknowledge(_ attempt: String, of id: ExecutionID, at time: UInt64) {
        state.withLock { state in
            if state.promises[id]?.answered[attempt] == nil { state.promises[id]?.answered[attempt] = time }
        }
    }

    /// Notes that the vendor's call about an attempt was acknowledged.
    func tell(_ attempt: String, at time: UInt64) { state.withLock { $0.told[attempt] = time } }

    /// Reports a question to a person about an attempt whose truth is known, or can be found out.
    func expectQuestion(about attempt: String, of type: String, at time: UInt64) {
        let told = state.withLock { $0.told[attempt] }
        if ["llm:key", "llm:look"].contains(type) || told.map({ time > $0 + 5_000_000_000 }) == true {
            report(.askedInVain, attempt)
        }
    }

    /// The longest that servers are behind each other: one that is stopped right before it hears of its commit.
    private static let delay: UInt64 = 45_000_000_000

    /// Whether an answer about an attempt was acknowledged.
    func isAcknowledged(_ attempt: String, of id: ExecutionID) -> Bool {
        state.withLock { $0.promises[id]?.answered[attempt] != nil }
    }

    /// Reports an acknowledged answer that has led to nothing for a long time.
    func expectTaken(_ attempt: String, of id: ExecutionID, at time: UInt64) {
        guard let answered = promises[id]?.answered[attempt], time > answered + 120_000_000_000 else { return }
        report(.lostSignal, "\(id) still waits for the answer about \(attempt)")
    }

    /// Compares what is shown of a run with what was shown before: nothing shown may be taken back.
    ///
    /// Servers that share a database may be a moment behind each other: the owner of a run shows a commit when it has
    /// heard of it, others as soon as it is there.
    func see(_ view: RunView, at server: Int, _ time: UInt64) {
        let id = view.facts.execution
        state.withLock { state in
            guard var promise = state.promises[id] else { return }
            defer { state.promises[id] = promise }
            if promise.seen.server != server, time < promise.seen.at + Self.delay, view.lastEvent < promise.lastEvent {
                return
            }
            promise.seen = (server, time)
            func broken(_ text: String) {
                if state.reports.count < 20 {
                    state.reports.append(Report(complaint: .takenBack, text: "\(id) \(text)"))
                }
            }
            if view.lastEvent < promise.lastEvent {
                broken("had \(promise.lastEvent) events and now has \(view.lastEvent)")
            }
            promise.lastEvent = max(view.lastEvent, promise.lastEvent)
            if let end = promise.end, end != view.status { broken("had ended \(end) and is \(view.status)") }
            if view.endedAt != nil { promise.end = view.status }
            for node in view.nodes {
                if let known = promise.final[node.id], known != node.status {
                    broken("\(node.id) was \(known) and is \(node.status)")
                }
                if node.isTerminal { promise.final[node.id] = node.status }
            }
        }
    }
}
