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
        /// The states of nodes that were shown as final, by node.
        var final: [String: String] = [:]
        /// The public status once it was shown as terminal.
        var end: String?
    }

    private struct State {
        var promises: [ExecutionID: Promise] = [:]
        /// The attempts, as `execution address attempt`, after which the vendor may be asked once more.
        var permits: Set<String> = []
        var reports: [String] = []
        var starting = 0
    }

    private let state = Mutex(State())

    /// Notes that something must not be.
    package func report(_ text: String) {
        state.withLock { if $0.reports.count < 20 { $0.reports.append(text) } }
    }

    /// What must not be and was.
    package var reports: [String] { state.withLock { $0.reports } }

    /// The acknowledged runs.
    var promises: [ExecutionID: Promise] { state.withLock { $0.promises } }

    /// How many starts have no answer yet.
    var starting: Int { state.withLock { $0.starting } }

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

    /// Compares what is shown of a run with what was shown before: nothing shown may be taken back.
    func see(_ view: RunView) {
        let id = view.facts.execution
        state.withLock { state in
            guard var promise = state.promises[id] else { return }
            defer { state.promises[id] = promise }
            func broken(_ text: String) {
                if state.reports.count < 20 { state.reports.append("uncommitted state was shown: \(id) \(text)") }
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
