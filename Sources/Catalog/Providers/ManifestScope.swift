import Values
package import Expressions

/// Which names the expressions of a manifest may begin with, by where they stand (media manifests §3.2).
package enum ManifestScope {
    /// What a node type's own checks may use.
    package static let checks: Set<String> = ["inputs", "params", "run"]
    /// What is known before anything is sent.
    package static let request: Set<String> = ["inputs", "params", "vars", "run"]
    /// What a submit call may use besides.
    package static let submit = request.union(["request", "webhook"])
    /// What later calls of a job may use.
    package static let later = request.union(["keep"])
    /// What may be said about an answer.
    package static let answer = request.union(["keep", "http", "headers", "body"])
    /// What may be said about one event of an answer that comes in pieces.
    package static let chunk = answer.union(["chunk"])
    /// What authentication may use.
    package static let auth: Set<String> = ["vars", "run", "secrets"]

    package static func environment(_ roots: Set<String>) -> Environment {
        .manifest(roots: roots, functions: Environment.mediaFunctions)
    }
}

extension ManifestReader {
    /// An expression in a member.
    package func optionalExpression(_ name: String, _ roots: Set<String>) throws(ManifestError) -> Expression? {
        guard let text = try optionalString(name) else { return nil }
        return try expression(text, at: name, roots)
    }

    package func expression(_ text: String, at name: String, _ roots: Set<String>) throws(ManifestError) -> Expression {
        let expression: Expression
        do {
            expression = try Expression(parsing: text, in: ManifestScope.environment(roots))
        } catch {
            throw self.error(name, error.summary)
        }
        try check(expression.references, of: text, at: name)
        return expression
    }

    /// A list of expressions in a member.
    package func expressions(_ name: String, _ roots: Set<String>) throws(ManifestError) -> [Expression] {
        var expressions: [Expression] = []
        for (index, text) in try strings(name).enumerated() {
            expressions.append(try expression(text, at: "\(name)[\(index)]", roots))
        }
        return expressions
    }

    /// The expressions of an object by name, in order.
    package func namedExpressions(
        _ name: String,
        _ roots: Set<String>
    ) throws(ManifestError) -> [(name: String, expression: Expression)] {
        guard let reader = try optionalReader(name) else { return [] }
        var named: [(name: String, expression: Expression)] = []
        for member in reader.object {
            guard let text = member.value.string else { throw reader.error(member.key, "must be an expression") }
            named.append((member.key, try reader.expression(text, at: member.key, roots)))
        }
        return named
    }

    /// A JSON template in a member.
    package func optionalTemplate(_ name: String, _ roots: Set<String>) throws(ManifestError) -> JSONTemplate? {
        guard let json = value(name) else { return nil }
        let template: JSONTemplate
        do {
            template = try JSONTemplate(json, in: ManifestScope.environment(roots))
        } catch {
            throw self.error(place(name, error.place ?? ""), error.summary)
        }
        try check(template.references, of: json.text, at: name)
        return template
    }

    /// A JSON template that is an object.
    package func optionalObjectTemplate(_ name: String, _ roots: Set<String>) throws(ManifestError) -> JSONTemplate? {
        _ = try optionalReader(name)
        return try optionalTemplate(name, roots)
    }

    /// A JSON template that is a text.
    package func textTemplate(_ name: String, _ roots: Set<String>) throws(ManifestError) -> JSONTemplate {
        _ = try string(name)
        guard let template = try optionalTemplate(name, roots) else { throw error(name, "is missing") }
        return template
    }
}
