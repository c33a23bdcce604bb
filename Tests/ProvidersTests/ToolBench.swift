import Assets
import Catalog
import Engine
import EventLoop
import FileSystem
import Foundation
import Providers
import Storage
import TestSupport
import Testing
import Values

/// Local tools on a real media store in a folder of their own.
final class ToolBench: Sendable {
    let folder: TemporaryFolder
    let database: Database
    let pool: BlockingPool
    let assets: AssetStore
    let tools: LocalTools

    static let now = Instant(microseconds: 1_763_700_000_000_000)

    /// Holds the programs that stand for the real ones, when there are such.
    let programs: TemporaryFolder?

    init(
        programs: TemporaryFolder? = nil,
        fonts: [String] = ToolPlaces().fonts,
        limits: ToolLimits = ToolLimits()
    ) throws {
        self.programs = programs
        folder = try TemporaryFolder()
        database = try Database.open(folder: folder.path) { Issue.record("\($0)") }
        pool = try BlockingPool(label: "tools", threads: 6, capacity: 100)
        assets = try AssetStore(folder: folder.path, database: database, pool: pool)
        tools = try LocalTools(
            assets: assets,
            pool: pool,
            folder: "\(folder.path)/tools",
            places: ToolPlaces(programs: programs.map { [$0.path] } ?? ToolPlaces().programs, fonts: fonts),
            limits: limits
        )
    }

    func run(
        _ tool: LocalTool,
        _ inputs: [String: Value] = [:],
        _ parameters: [String: JSON] = [:],
        within time: Duration = .seconds(120)
    ) async throws -> [String: Value] {
        try await tools.run(
            tool.rawValue,
            inputs: inputs,
            parameters: parameters,
            deadline: Self.now + time,
            now: { Self.now }
        )
    }

    /// The one media that a tool gives at a port.
    func media(
        _ tool: LocalTool,
        _ inputs: [String: Value] = [:],
        _ parameters: [String: JSON] = [:],
        port: String
    ) async throws -> MediaReference {
        let outputs = try await run(tool, inputs, parameters)
        #expect(outputs.keys.contains(port), "\(tool) gives \(outputs.keys)")
        return try #require(outputs[port]?.media.first)
    }

    /// Keeps a text as media.
    func keep(_ text: String, mimeType: String) async throws -> Value {
        let path = assets.newPath()
        try Data(text.utf8).write(to: URL(filePath: path))
        return .media(
            try await assets.keep(path, mimeType: mimeType, name: "table.csv", facts: MediaFacts(), at: Self.now)
        )
    }

    func image(_ text: String, _ parameters: [String: JSON] = [:]) async throws -> MediaReference {
        try await media(.draw, ["data": .json(["text": .string(text)])], parameters, port: "image")
    }

    func speech(_ text: String) async throws -> MediaReference {
        try await media(.speech, ["text": .text(text)], port: "audio")
    }

    /// The text that tesseract reads in a picture.
    func reading(_ image: MediaReference) async throws -> String {
        let outputs = try await run(.ocr, ["image": .media(image)])
        return try #require(outputs["text"]?.text)
    }

    func bytes(_ media: MediaReference) async throws -> [UInt8] {
        try await assets.bytes(of: media.hash, atMost: 100 << 20)
    }

    /// What stays in the scratch folder besides the settings.
    var leftovers: [String] {
        get throws { try Folder.names(in: "\(folder.path)/tools").filter { $0 != "settings" } }
    }

    func error(_ body: () async throws -> some Sendable) async throws -> NodeError {
        do {
            _ = try await body()
        } catch let error as NodeError {
            return error
        }
        throw NodeError("none", "There was no error.")
    }
}

/// Whether the tools' packages are installed.
///
/// Where they are not, the tests are left out with a printed line; under
/// `CI=true` they run and fail.
enum Installed {
    static let images = isThere(["convert", "tesseract"], fonts: true)
    static let sounds = isThere(["espeak-ng"])
    static let films = isThere(["convert", "espeak-ng", "ffmpeg"], fonts: true)

    private static func isThere(_ programs: [String], fonts: Bool = false) -> Bool {
        let places = ToolPlaces()
        var missing = programs.filter { program in
            !places.programs.contains { Folder.isExecutable("\($0)/\(program)") }
        }
        if fonts, !places.fonts.contains(where: { Folder.exists("\($0)/DejaVuSans.ttf") }) { missing.append("DejaVu") }
        guard !missing.isEmpty else { return true }
        print("tools: tests skipped, these are not installed: \(missing.joined(separator: ", "))")
        return ProcessInfo.processInfo.environment["CI"] == "true"
    }
}
