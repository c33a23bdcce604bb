import Expressions

/// The names that the expressions of a manifest may use below the roots, as far as its documents fix them.
///
/// A wrong name is found when the manifest is read, and not when the first node that it serves is paid for.
struct ManifestNames: Sendable {
    /// The members by root, such as `inputs`.
    var members: [String: Set<String>]
    /// The lines of the price table, the members of `vars.price`.
    var priceLines: Set<String>

    /// The roots whose members one offer sets and another leaves out, so that asking whether they are there is no fault.
    var varying: Set<String>

    /// The members of the roots that every manifest has.
    static let fixed: [String: Set<String>] = [
        "http": ["status", "text", "bytes", "ms"], "webhook": ["url"],
        "run": ["attemptKey", "deadlineMs", "startDeadlineMs", "wantsStream", "sandbox"],
    ]

    /// What is wrong with a reference in a text, or `nil`.
    static func problem(_ reference: Reference, in text: String, _ names: ManifestNames?) -> String? {
        guard let member = reference.path.first else { return nil }
        let root = reference.root
        guard let known = fixed[root] ?? names?.members[root] else { return nil }
        guard known.contains(member.name) else {
            if names?.varying.contains(root) ?? false, isAskedFor([root, member.name], member, text) { return nil }
            return "names \(root).\(member.name), which nothing sets\(ManifestReader.hint(member.name, known))"
        }
        guard let names, root == "vars", member.name == "price", reference.path.count > 1 else { return nil }
        let line = reference.path[1]
        guard !names.priceLines.contains(line.name), !isAskedFor([root, "price", line.name], line, text) else {
            return nil
        }
        return "names the price \(line.name), which the table does not hold"
            + ManifestReader.hint(line.name, names.priceLines)
    }

    /// Whether the text asks whether a member is there, so that its absence is no fault.
    private static func isAskedFor(_ path: [String], _ member: Reference.Member, _ text: String) -> Bool {
        let name = path.joined(separator: ".")
        return member.isOptional || text.contains("has(\(name)") || text.contains("default(\(name)")
    }
}

extension ManifestReader {
    /// Refuses references to what nothing sets.
    func check(_ references: [Reference], of text: String, at name: String) throws(ManifestError) {
        for reference in references {
            if let problem = ManifestNames.problem(reference, in: text, names) { throw error(name, problem) }
        }
    }

    /// `; did you mean x?` when one of the names is near.
    static func hint(_ name: String, _ known: Set<String>) -> String {
        let near = known.min { ($0.distance(to: name), $0) < ($1.distance(to: name), $1) }
        return near.flatMap { $0.distance(to: name) <= 2 ? "; did you mean \($0)?" : nil } ?? ""
    }
}

extension ExpressionError {
    /// What is wrong and where in the text, in one line.
    var summary: String {
        let text = "column \(column): \(message) \(suggestion)"
        return line == 1 ? text : "line \(line), \(text)"
    }
}
