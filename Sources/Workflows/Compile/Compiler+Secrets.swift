import Catalog
import Expressions
import Values

extension Compiler {
    /// Checks that secrets are declared, may go where the node sends them, and stand alone.
    mutating func checkSecrets(_ template: TextTemplate, _ name: String, of place: Int) {
        let node = nodes[place]
        let mixed = template.mixedReferences(to: "secrets")
        for reference in template.references where reference.root == "secrets" {
            let secret = reference.path.first?.name ?? ""
            func report(_ rule: GraphRule, _ message: String, _ fix: String) {
                self.report(
                    rule,
                    message,
                    fix: fix,
                    node: node.id,
                    path: "config.\(name)",
                    location: SourceLocation(of: reference.range, in: template.source)
                )
            }
            if mixed.contains(reference) || reference.path.count != 1 {
                report(
                    .secretNotAllowed,
                    "\(name) computes with the secret \(secret); its value is opaque.",
                    "Write {{secrets.\(secret)}} alone, with fixed text before or after it."
                )
            }
            guard let known = workspace.secrets else { continue }
            guard let hosts = known[secret] else {
                report(.unknownSecret, "There is no secret \(secret).", adviceForSecret(secret, known.keys))
                continue
            }
            guard let host = node.targetHost, !hosts.contains(where: { HostName.matches(host, $0) }) else { continue }
            report(
                .secretNotAllowed,
                "The secret \(secret) may not be sent to \(host).",
                "It is for \(hosts.joined(separator: ", ")); add the host with PUT /secrets/\(secret)."
            )
        }
    }

    private mutating func adviceForSecret(_ name: String, _ known: some Sequence<String>) -> String {
        nearest(name, among: known).map { "Did you mean \($0.name)?" } ?? "Declare it with PUT /secrets/\(name)."
    }

    /// Checks that the secrets are there which a workflow says it needs.
    mutating func checkNeededSecrets() {
        guard let known = workspace.secrets else { return }
        for node in nodes where node.type.id == "input:secret_ref" {
            guard case .literal(.string(let name))? = node.bindings.first(where: { $0.name == "name" })?.binding,
                known[name] == nil
            else { continue }
            report(
                .unknownSecret,
                "There is no secret \(name).",
                fix: adviceForSecret(name, known.keys),
                node: node.id,
                path: "config.name"
            )
        }
    }

}

extension PlanNode {
    /// The host that the node calls, where its address is fixed.
    var targetHost: String? {
        guard case .literal(.string(let url))? = bindings.first(where: { $0.name == "url" })?.binding,
            let start = url.firstRange(of: "://")?.upperBound
        else { return nil }
        let authority = url[start...].prefix { !"/?#".contains($0) }
        return authority.split(separator: "@").last?.prefix { $0 != ":" }.lowercased()
    }
}
