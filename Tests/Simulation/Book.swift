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
        /// Whether somebody has asked for its end.
        var isCancelled = false
    }

    private struct State {
        var promises: [ExecutionID: Promise] = [:]
        /// How many promises have not been kept yet.
        var open = 0
        /// The attempts, as `execution address attempt`, after which the vendor may be asked once more.
        var permits: Set<String> = []
        var reports: [Report] = []
        var starting = 0
        var isClosed = false
        /// When signals were acknowledged first, by the stepped clock.
        var acknowledged: [String: UInt64] = [:]
        /// When the vendor's call about an attempt was acknowledged, by the stepped clock.
        var told: [String: UInt64] = [:]
    }

    private let state = Mutex(State())

    /// Notes that something must not be.
    package func report(_ complaint: Complaint, _ text: String) {
        state.withLock { if $0.reports.count < 20 { $0.reports.append(Report(complaint: complaint, text: text)) } }
    }

    /// Notes that something must not be that explains what else was noted.
    func reportFirst(_ complaint: Complaint, _ text: String) {
        state.withLock { $0.reports.insert(Report(complaint: complaint, text: text), at: 0) }
    }

    /// What must not be and was.
    package var reports: [Report] { state.withLock { $0.reports } }

    /// Whether something must not be and was.
    var isBroken: Bool { state.withLock { !$0.reports.isEmpty } }

    /// The acknowledged runs.
    var promises: [ExecutionID: Promise] { state.withLock { $0.promises } }

    /// An acknowledged run.
    func promise(_ id: ExecutionID) -> Promise? { state.withLock { $0.promises[id] } }

    /// Whether every start has its answer, and every acknowledged run its end.
    var isQuiet: Bool { state.withLock { $0.starting == 0 && $0.open == 0 } }

    /// What is still to come, in words.
    var pending: String { state.withLock { "\($0.starting) starts, \($0.open) ends" } }

    /// Whether the world has ended: nobody need watch any more.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func close() { state.withLock { $0.isClosed = true } }

    func begin() { state.withLock { $0.starting += 1 } }

    /// Notes how a start ended; `nil` when nobody can say whether the run was accepted.
    func end(_ accepted: (id: ExecutionID, workflow: Int)?) {
        state.withLock { state in
            state.starting -= 1
            guard let accepted else { return }
            state.promises[accepted.id] = Promise(workflow: accepted.workflow)
            state.open += 1
        }
    }

    // MARK: Signals

    /// Notes that somebody has asked for the end of a run; a start in its place is to be expected.
    func cancel(_ id: ExecutionID) {
        state.withLock { state in
            state.promises[id]?.isCancelled = true
            state.starting += 1
        }
    }

    /// Allows one more job after an attempt: somebody said that it may be bought again.
    func permit(_ attempt: String) { state.withLock { _ = $0.permits.insert(attempt) } }

    /// Whether a job was allowed after an attempt.
    func isPermitted(_ attempt: String) -> Bool { state.withLock { $0.permits.contains(attempt) } }

    /// How many jobs of a node run people have allowed besides the first.
    func permits(of nodeRun: String) -> Int {
        state.withLock { state in state.permits.count { $0.hasPrefix("\(nodeRun) ") } }
    }

    /// Notes that a signal was acknowledged.
    func acknowledge(_ signal: String, at time: UInt64) {
        state.withLock { if $0.acknowledged[signal] == nil { $0.acknowledged[signal] = time } }
    }

    /// Whether a signal was acknowledged.
    func isAcknowledged(_ signal: String) -> Bool { state.withLock { $0.acknowledged[signal] != nil } }

    /// Reports an acknowledged signal that has led to nothing for a long time.
    func expectTaken(_ signal: String, at time: UInt64) {
        guard let acknowledged = state.withLock({ $0.acknowledged[signal] }), time > acknowledged + 120_000_000_000
        else { return }
        report(.lostSignal, signal)
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

    // MARK: What is shown

    /// The longest that servers are behind each other: one that is stopped right before it hears of its commit.
    private static let delay: UInt64 = 45_000_000_000

    /// Compares what is shown of a run with what was shown before: nothing shown may be taken back.
    ///
    /// Servers that share a database may be a moment behind each other: the owner of a run shows a commit when it has
    /// heard of it, others as soon as it is there. A server that has started since knows everything that was shown.
    ///
    /// - Parameters:
    ///   - view: What is shown.
    ///   - fluid: The nodes that may begin anew after their end.
    ///   - front: The server that shows it.
    ///   - time: The time by the stepped clock.
    func see(_ view: RunView, fluid: Set<String>, at front: Front, _ time: UInt64) {
        let id = view.facts.execution
        state.withLock { state in
            guard var promise = state.promises[id] else { return }
            defer { state.promises[id] = promise }
            let seen = promise.seen
            if front.number != seen.server, front.startedAt < seen.at, time < seen.at + Self.delay,
                view.lastEvent < promise.lastEvent
            {
                return
            }
            promise.seen = (front.number, time)
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
            if view.endedAt != nil {
                if promise.end == nil { state.open -= 1 }
                promise.end = view.status
            }
            for node in view.nodes where !fluid.contains(node.id) {
                if let known = promise.final[node.id], known != node.status {
                    broken("\(node.id) was \(known) and is \(node.status)")
                }
                if node.isTerminal { promise.final[node.id] = node.status }
            }
        }
    }
}
