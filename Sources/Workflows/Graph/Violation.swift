public import Expressions
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

    /// The rule that is broken.
    public var rule: GraphRule
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
    /// The place inside the text of the field.
    public var location: SourceLocation?
    /// What can be done mechanically, best first.
    public var fixes: [GraphFix]

    /// A finding of that rule.
    public init(
        _ rule: GraphRule,
        _ message: String,
        severity: Severity? = nil,
        fix: String? = nil,
        node: String? = nil,
        edge: String? = nil,
        path: String? = nil,
        location: SourceLocation? = nil,
        fixes: [GraphFix] = []
    ) {
        self.rule = rule
        self.severity = severity ?? rule.severity
        self.message = message
        self.fix = fix
        self.node = node
        self.edge = edge
        self.path = path
        self.location = location
        self.fixes = fixes
    }

    /// The finding as the contract shows it in `violations` and `warnings`.
    public var json: JSON {
        var object: JSONObject = ["rule": .string(rule.rawValue), "message": .string(message)]
        if let fix { object["fix"] = .string(fix) }
        if let node { object["nodeId"] = .string(node) }
        if let edge { object["edgeId"] = .string(edge) }
        if let path { object["path"] = .string(path) }
        if let location { object["location"] = location.json }
        if !fixes.isEmpty { object["fixes"] = .array(fixes.map(\.json)) }
        return .object(object)
    }

    /// The finding as an entry of `diagnostics` (contract §6.5).
    public var diagnostic: JSON {
        var target = JSONObject()
        if let node { target["nodeId"] = .string(node) }
        if let edge { target["edgeId"] = .string(edge) }
        if let path { target["path"] = .string(path) }
        if let location { target["location"] = location.json }
        return [
            "code": .string(rule.rawValue), "severity": .string(severity.rawValue), "message": .string(message),
            "target": .object(target), "hint": fix.map(JSON.string) ?? .null,
            "fixes": .array(fixes.map(\.json)), "docs": .string("/docs/errors#\(rule.rawValue)"),
        ]
    }
}

extension SourceLocation {
    fileprivate var json: JSON {
        ["line": .int(Int64(line)), "column": .int(Int64(column)), "excerpt": .string(excerpt)]
    }
}
