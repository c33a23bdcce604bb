import Catalog
import Assets
import Engine
import EventLoop
import FileSystem
import Runtime
import Storage
import Values
import Workflows

/// `millrace run FILE`: a workflow without a server.
enum RunCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let arguments = try Arguments(
            words,
            options: Settings.names.union(["input", "output", "timeout"]),
            switches: ["sandbox"]
        )
        guard let path = arguments.positional.first, arguments.positional.count == 1 else {
            throw Arguments.UsageError(description: "Name one workflow file.")
        }
        let settings = try Settings(arguments, environment: environment)
        let document = try Self.document(path)
        let folder = arguments["output"] ?? "./output"
        try Folder.make(folder)
        let isKept = settings["data"] != nil
        let data = isKept ? settings.data : "\(folder)/.millrace-\(Host.randomBytes(6).hex)"
        let host = try await Host(data: data, settings: settings)
        let status: Int32
        do {
            status = try await execute(document, host, arguments, folder: folder)
        } catch {
            await host.stop()
            if !isKept { try? Folder.remove(data) }
            throw error
        }
        await host.stop()
        if !isKept { try Folder.remove(data) }
        return status
    }

    static func document(_ path: String) throws -> WorkflowDocument {
        guard let bytes = try Folder.contents(of: path, atMost: 8 << 20) else {
            throw Arguments.UsageError(description: "\(path) is longer than 8 MiB.")
        }
        return try WorkflowDocument(parsing: bytes, fileName: path)
    }

    private static func execute(
        _ document: WorkflowDocument,
        _ host: Host,
        _ arguments: Arguments,
        folder: String
    ) async throws -> Int32 {
        guard let hash = document.graph.hash else { throw Arguments.UsageError(description: "The graph has no hash.") }
        guard case .plan(let plan) = host.plans.compile(document.graph, hash: hash) else {
            let findings = host.plans.compile(document.graph, hash: hash).findings
            for finding in findings { Console.error(ValidateCommand.line(finding)) }
            return 1
        }
        let loop = host.loops.next()
        let now = Host.clock()
        var random = SystemRandomNumberGenerator()
        var facts = RunFacts(
            execution: host.runs.newExecutionID(on: loop, at: now),
            account: AccountID(high: 0, low: 1),
            workflow: WorkflowID(at: now, random: &random),
            version: nil,
            revision: nil,
            createdAt: now
        )
        let inputs = try Self.inputs(arguments)
        facts.inputs = .object(inputs)
        facts.values = try values(inputs, plan)
        facts.trigger = ["type": "cli"]
        facts.timeoutBudget = plan.settings.timeoutBudget
        if let text = arguments["timeout"] {
            guard let seconds = Double(text), seconds > 0 else {
                throw Arguments.UsageError(description: "--timeout must be a number of seconds.")
            }
            facts.timeoutBudget = .milliseconds(Int64(seconds * 1000))
        }
        facts.failurePolicy = plan.settings.failurePolicy
        facts.sandbox = arguments.has("sandbox") ? .always : plan.settings.sandbox
        let graph = StoredGraph(hash: hash, body: document.graph.record.canonicalBytes)
        let handle = try await host.runs.accept(plan, facts, graph: graph, trigger: "cli", key: nil)
        var progress = ProgressLines(isTerminal: Console.isTerminal)
        var snapshot = handle.snapshot
        progress.show(snapshot.view)
        while snapshot.run.end == nil {
            snapshot = await handle.snapshot(after: snapshot.change, within: .seconds(1), on: loop)
            progress.show(snapshot.view)
        }
        let view = snapshot.view
        try await OutputFolder(path: folder, assets: host.assets).write(view)
        guard view.status == "COMPLETED" else {
            let node = view.failedNode.map { " at \($0)" } ?? ""
            Console.error("The run ended \(view.phase)\(node): \(view.error?.message ?? "")")
            return 1
        }
        Console.print("Completed in \((view.endedAt ?? now) - view.facts.createdAt), results in \(folder)")
        return 0
    }

    private static func inputs(_ arguments: Arguments) throws -> JSONObject {
        var inputs = JSONObject()
        for text in arguments.all("input") {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw Arguments.UsageError(description: "--input must be NAME=VALUE, not \(text).")
            }
            let value = String(parts[1])
            inputs[String(parts[0])] = (try? JSON(parsing: value)) ?? .string(value)
        }
        return inputs
    }

    /// The values by node and parameter; names are those of nodes, or of their inputs.
    private static func values(_ inputs: JSONObject, _ plan: Plan) throws -> [String: [String: Value]] {
        var values: [String: [String: Value]] = [:]
        for member in inputs {
            let node = plan.nodes.first { $0.id == member.key || $0.inputName == member.key }
            guard let node, let parameter = node.type.parameters.first ?? nil else {
                let known = plan.nodes.filter { $0.type.kind == .input }.map(\.id).joined(separator: ", ")
                throw Arguments.UsageError(description: "There is no input \(member.key). There are: \(known).")
            }
            // A text that looks like a number stays a text where a text is wanted.
            let isText = parameter.type == .text && member.value.string == nil
            if let problem = parameter.problem(with: isText ? .string(member.value.text) : member.value) {
                throw Arguments.UsageError(description: "\(member.key) \(problem).")
            }
            values[node.id] = [parameter.id: .json(isText ? .string(member.value.text) : member.value)]
        }
        return values
    }
}
