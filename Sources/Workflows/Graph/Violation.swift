public import Values

/// Something a check found in a graph: the rule, the place, and how to mend it.
public struct Violation: Sendable, Hashable {
    /// How bad it is.
    public enum Severity: String, Sendable, Hashable {
        /// The graph does not run.
        case error
        /// The graph runs; a person should look.
        case warning
        /// For information.
        case info
    }

    /// The name of the rule (contract §6.5), such as `cycle`.
    public var rule: String
    /// How bad it is.
    public var severity: Severity
    /// What is wrong.
    public var message: String
    /// What to do.
    public var fix: String?
    /// The node it concerns.
    public var node: String?
    /// The edge it concerns.
    public var edge: String?
    /// The field inside the node, such as `config.prompt`.
    public var path: String?

    /// A finding of that rule.
    public init(
        _ rule: String,
        _ message: String,
        severity: Severity = .error,
        fix: String? = nil,
        node: String? = nil,
        edge: String? = nil,
        path: String? = nil
    ) {
        self.rule = rule
        self.severity = severity
        self.message = message
        self.fix = fix
        self.node = node
        self.edge = edge
        self.path = path
    }

    /// The finding as the contract shows it in `violations` and `warnings`.
    public var json: JSON {
        var object: JSONObject = ["rule": .string(rule), "message": .string(message)]
        if let fix { object["fix"] = .string(fix) }
        if let node { object["nodeId"] = .string(node) }
        if let edge { object["edgeId"] = .string(edge) }
        if let path { object["path"] = .string(path) }
        return .object(object)
    }

    /// The finding as an entry of `diagnostics` (contract §6.5).
    public var diagnostic: JSON {
        var target = JSONObject()
        if let node { target["nodeId"] = .string(node) }
        if let edge { target["edgeId"] = .string(edge) }
        if let path { target["path"] = .string(path) }
        return [
            "code": .string(rule), "severity": .string(severity.rawValue), "message": .string(message),
            "target": .object(target), "hint": fix.map(JSON.string) ?? .null,
        ]
    }
}
