import Crypto
import EventLoop
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// POST /workflows/lint: what saving the graph would say, without saving it.
    func lintGraph(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(try await exchange.object(), known: Self.writableFields)
        let (graph, catalog) = (try Self.graph(fields), catalog)
        let workspace = try await workspace(of: graph, exchange.account)
        let findings = try await pool.run { graph.findings(catalog: catalog, workspace: workspace, for: .saving) }
        let errors = findings.filter { $0.severity == .error }
        return .json([
            "data": [
                "ok": .bool(errors.isEmpty), "violations": .array(errors.map(\.json)),
                "warnings": .array(findings.filter { $0.severity != .error }.map(\.json) + fields.warnings),
                "diagnostics": Violation.diagnostics(findings),
            ]
        ])
    }

    /// Reads the graph of a body; what is missing is taken from the base.
    static func graph(_ fields: Fields, base: JSON? = nil) throws(APIError) -> Graph {
        try GraphMembers.check(nodes: fields["nodes"], edges: fields["edges"])
        let settings = fields["settings"] ?? base?["settings"] ?? .object(JSONObject())
        do {
            return try Graph(
                nodes: fields["nodes"] ?? base?["nodes"] ?? .null,
                edges: fields["edges"] ?? base?["edges"] ?? .null,
                settings: try WorkflowSettings(json: settings)
            )
        } catch {
            throw APIError(graph: error)
        }
    }

    /// Reads and checks the graph of a body; what is missing is taken from the base, older filters are rewritten.
    func check(
        _ fields: Fields,
        _ exchange: Exchange,
        base: JSON? = nil
    ) async throws -> (StoredGraph, [Violation]) {
        let (sent, catalog) = (try Self.graph(fields, base: base), catalog)
        let workspace = try await workspace(of: sent, exchange.account)
        let findings = try await pool.run { sent.findings(catalog: catalog, workspace: workspace, for: .saving) }
        if findings.contains(where: { $0.severity == .error }), exchange.query("strict") != "false" {
            throw APIError(violations: findings)
        }
        guard findings.contains(where: { $0.rule == .filterRewritten || $0.rule == .moreFindings }) else {
            return (try StoredGraph(sent), findings)
        }
        let mended = try await pool.run { sent.mended(catalog: catalog, rules: [.filterRewritten]).graph }
        return (try StoredGraph(mended), findings)
    }
}

extension StoredGraph {
    init(_ graph: Graph) throws(APIError) {
        guard let hash = graph.hash else { throw APIError(.internalError, "The graph could not be hashed.") }
        let uses = graph.uses
        let named =
            uses.secrets.map { WorkflowUse(.secret, $0) } + uses.variables.map { WorkflowUse(.variable, $0) }
            + uses.credentials.map { WorkflowUse(.credential, $0) }
        self.init(hash: hash, body: graph.record.canonicalBytes, uses: named.sorted())
    }

    /// A graph with something beside it, as a version keeps it.
    init(_ record: JSON) throws(APIError) {
        let body = record.canonicalBytes
        guard let hash = ContentHash(bytes: SHA256.hash(body)) else {
            throw APIError(.internalError, "The graph could not be hashed.")
        }
        self.init(hash: hash, body: body)
    }
}

extension Violation {
    /// The findings in the form of contract §6.5.
    static func diagnostics(_ findings: [Violation]) -> JSON {
        func count(_ severity: Severity) -> JSON { .int(Int64(findings.count { $0.severity == severity })) }
        return [
            "version": 1, "counts": ["error": count(.error), "warning": count(.warning), "info": count(.info)],
            "diagnostics": .array(findings.map(\.diagnostic)),
        ]
    }
}

extension APIError {
    /// A graph that cannot be read.
    init(graph error: GraphError) {
        switch error {
        case .noNodes: self.init(.noNodes, error.description)
        case .nodeWithoutID(let index): self.init(.nodeIDMissing, error.description, ["index": .int(Int64(index))])
        case .unknownNode(let id):
            self.init(violations: [Violation(.unknownReference, error.description, node: id)])
        case .notAList(let field), .notAnObject(let field, _):
            self.init(.invalidField, error.description, ["field": .string(field)])
        case .edgeWithoutEnd: self.init(.invalidField, error.description, ["field": "edges"])
        case .badSetting(let name, _):
            self.init(.invalidField, error.description, ["field": .string("settings.\(name)")])
        }
    }

    /// A graph that does not hold.
    init(violations findings: [Violation]) {
        let errors = findings.filter { $0.severity == .error }
        self.init(
            .invalidGraph,
            "Workflow graph failed validation (\(errors.count) error\(errors.count == 1 ? "" : "s"))",
            [
                "violations": .array(errors.map(\.json)),
                "warnings": .array(findings.filter { $0.severity == .warning }.map(\.json)), "migrations": [],
                "diagnostics": Violation.diagnostics(findings),
            ]
        )
    }
}
