/// What the worlds of a run have reached: which transitions, and where servers were killed.
package struct Coverage: Sendable {
    private var counts: [String: Int] = [:]

    package init() {}

    /// Adds what a world has reached.
    package mutating func add(_ ground: Ground) { counts.merge(ground.covered) { $0 + $1 } }

    /// Adds what other worlds have reached.
    package mutating func add(_ other: Coverage) { counts.merge(other.counts) { $0 + $1 } }

    /// The transitions of the state tables that no world has reached.
    ///
    /// A node run that is asked for is stored as a pending one, and a run that is failing as a running one.
    ///
    /// - Parameter tables: `Documentation/state-tables.md`.
    /// - Returns: Each as it is counted.
    package func missing(from tables: String) -> [String] {
        let ofRuns: Set<String> = ["accepted", "cancelRequested", "paused", "resumed", "restarted", "ended"]
        var missing: Set<String> = []
        var subject = ""
        for line in tables.split(separator: "\n") {
            if line.hasPrefix("## ") { subject = line == "## Execution" ? "run" : "node" }
            let cells = line.split(separator: "|").map { String($0.drop { $0 == " " }).trimmed }
            guard line.hasPrefix("| "), cells.count > 2, !["state", "---"].contains(cells[0]) else { continue }
            let state = ["asked": "pending", "failing": "running"][cells[0]] ?? cells[0]
            for cell in cells.dropFirst() where cell != "ignored" {
                for word in cell.prefix(while: { $0 != "→" }).split(separator: " ") where !word.hasPrefix("+") {
                    guard ofRuns.contains(String(word)) == (subject == "run") else { continue }
                    if counts["\(subject) \(state) > \(word)"] == nil {
                        missing.insert("\(subject) \(state) > \(word)")
                    }
                }
            }
        }
        return missing.sorted()
    }

    /// A line for each state of a node run and of an execution, with what has happened in it, and a line for each kind
    /// of other things.
    package var summary: String {
        var lines: [String: [String]] = [:]
        for (what, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            let parts = what.contains(" > ") ? what.split(separator: " > ") : what.split(separator: ": ", maxSplits: 1)
            let isCommit = what.hasPrefix("killed after")
            let head = isCommit ? "killed after a commit to" : String(parts[0])
            let rest = isCommit ? String(what.dropFirst(head.count + 1)) : parts.dropFirst().joined(separator: ": ")
            lines[head, default: []].append(rest.isEmpty ? "\(count)" : "\(rest) \(count)")
        }
        let transitions = counts.keys.count { $0.contains(" > ") }
        return "reached: \(transitions) transitions\n"
            + lines.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value.joined(separator: ", "))" }
            .joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmed: String { String(reversed().drop { $0 == " " }.reversed()) }
}
