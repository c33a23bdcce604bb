public import Assets
public import Engine
public import EventLoop
public import Values

import Catalog
import FileSystem
import Synchronization

/// The tools of this machine, each a child process with limits in a folder of its own that is always removed.
///
/// No text of a workflow ever becomes a program, an option or a file name. Nothing is charged, and a call that is
/// repeated does no harm.
public final class LocalTools: Sendable {
    let assets: AssetStore
    let pool: BlockingPool
    let folder: String
    let places: ToolPlaces
    let limits: ToolLimits
    let slots: ToolSlots
    let fonts = Mutex<[Typeface: FontMetrics]>([:])
    private let nextCall = Atomic<UInt64>(0)

    /// Tools that work in a folder; what an earlier process left there is removed.
    ///
    /// - Parameters:
    ///   - assets: Holds the media that tools read and make.
    ///   - pool: Does what blocks; it needs more threads than programs may run at once.
    ///   - folder: The scratch folder, for this alone; best on the disk of the media store.
    ///   - places: Where programs and typefaces are looked for.
    ///   - limits: What the programs may use up.
    /// - Throws: ``LocalToolsError`` when the folder cannot be used.
    public init(
        assets: AssetStore,
        pool: BlockingPool,
        folder: String,
        places: ToolPlaces = ToolPlaces(),
        limits: ToolLimits = ToolLimits()
    ) throws(LocalToolsError) {
        self.assets = assets
        self.pool = pool
        self.folder = folder
        self.places = places
        self.limits = limits
        slots = ToolSlots(places: limits.programs, waiting: limits.waiting)
        do {
            try Folder.remove(folder)
            try Folder.make("\(folder)/settings")
            var policy = try File(writing: "\(folder)/settings/policy.xml")
            try policy.write(Array(ImagePolicy.text.utf8).span)
        } catch {
            throw LocalToolsError(folder: folder, reason: error.description)
        }
    }

    /// Which tools can be used, looked up on the disk; what is installed later counts from then on.
    public var availability: [LocalTool: ToolAvailability] {
        Dictionary(uniqueKeysWithValues: LocalTool.allCases.map { ($0, availability(of: $0)) })
    }

    /// Whether a tool can be used, looked up on the disk.
    public func availability(of tool: LocalTool) -> ToolAvailability {
        ToolAvailability(missing: tool.needs.filter { !isInstalled($0) })
    }

    /// What keeps a tool from being used, with what to do about it; `nil` when nothing does.
    ///
    /// - Parameter name: The tool as an offer names it, see ``LocalTool``.
    /// - Returns: A sentence for people.
    public func obstacle(to name: String) -> String? {
        LocalTool(rawValue: name).flatMap(obstacle)
    }

    private func obstacle(to tool: LocalTool) -> String? {
        let missing = availability(of: tool)
        return missing.installCommand.map { command in
            "This node needs \(missing.missingPackages.joined(separator: " and ")), which this server does not have. "
                + "Install it with: \(command)"
        }
    }

    /// Runs a tool.
    ///
    /// Cancelling the task ends its programs at once.
    ///
    /// - Parameters:
    ///   - name: The tool as an offer names it, see ``LocalTool``.
    ///   - inputs: The values by input port.
    ///   - parameters: The settings by name, defaults filled in.
    ///   - deadline: When it must have ended.
    ///   - now: The time.
    /// - Returns: The values by output port; their media is kept, and belongs to nobody yet.
    /// - Throws: ``NodeError``: nothing was charged.
    public func run(
        _ name: String,
        inputs: [String: Value],
        parameters: [String: JSON],
        deadline: Instant,
        now: @escaping @Sendable () -> Instant
    ) async throws(NodeError) -> [String: Value] {
        guard let tool = LocalTool(rawValue: name) else {
            let known = LocalTool.allCases.map(\.rawValue).joined(separator: ", ")
            throw NodeError(.contract, "There is no local tool \(name); the tools are \(known).")
        }
        if let obstacle = obstacle(to: tool) { throw NodeError(.notFound, obstacle) }
        return try await withCall(inputs, parameters, deadline, now) { call throws(NodeError) in
            try await call.perform(tool)
        }
    }

    /// Gives a body a call with a folder of its own, which is removed whatever happens.
    func withCall<Result: Sendable>(
        _ inputs: [String: Value],
        _ parameters: [String: JSON],
        _ deadline: Instant,
        _ now: @escaping @Sendable () -> Instant,
        _ body: (ToolCall) async throws(NodeError) -> Result
    ) async throws(NodeError) -> Result {
        let number = nextCall.wrappingAdd(1, ordering: .relaxed).oldValue
        let call = ToolCall(
            tools: self,
            folder: "\(folder)/\(number)",
            inputs: inputs,
            parameters: parameters,
            deadline: deadline,
            now: now
        )
        try await call.blocking { () throws(FileError) in try Folder.make(call.folder) }
        let outcome: Swift.Result<Result, NodeError>
        do throws(NodeError) {
            outcome = .success(try await body(call))
        } catch {
            outcome = .failure(error)
        }
        // What cannot be removed now is removed when the server starts the next time.
        try? await pool.run(isCancellable: false) { try Folder.remove(call.folder) }
        return try outcome.get()
    }

    func isInstalled(_ package: ToolPackage) -> Bool {
        guard package != .fonts else { return path(of: .sans) != nil && path(of: .sansBold) != nil }
        return package.programs.allSatisfy { path(of: $0) != nil }
    }

    func path(of program: ToolProgram) -> String? {
        places.programs.lazy.map { "\($0)/\(program.rawValue)" }.first(where: Folder.isExecutable)
    }

    func path(of typeface: Typeface) -> String? {
        places.fonts.lazy.map { "\($0)/\(typeface.rawValue)" }.first(where: Folder.exists)
    }
}

/// Why local tools cannot be used at all.
public struct LocalToolsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The scratch folder.
    public let folder: String
    /// What the system says.
    public let reason: String

    /// What happened, and what to do.
    public var description: String {
        "The scratch folder of the local tools, \(folder), cannot be used: \(reason) Check its permissions and disk."
    }
}
