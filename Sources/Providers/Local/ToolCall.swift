import Catalog
import Assets
import Engine
import EventLoop
import FileSystem
import Values

/// One call of a tool: what it was given, and the folder in which its programs work.
struct ToolCall: Sendable {
    let tools: LocalTools
    let folder: String
    let inputs: [String: Value]
    let parameters: [String: JSON]
    let deadline: Instant
    let now: @Sendable () -> Instant

    func perform(_ tool: LocalTool) async throws(NodeError) -> [String: Value] {
        switch tool {
        case .speech: ["audio": try await speak()]
        case .draw: ["image": try await draw()]
        case .resize: ["image": try await resize()]
        case .crop: ["image": try await crop()]
        case .convert: ["image": try await convertImage()]
        case .transform: ["image": try await transform()]
        case .overlayText: ["image": try await overlayText()]
        case .composite: ["image": try await composite()]
        case .upscale: ["image": try await upscale()]
        case .ocr: try await readText()
        case .frames: ["images": .list(try await takeFrames())]
        case .filmConcat: ["video": try await joinFilms()]
        case .assemble: ["video": try await assembleFilm()]
        case .filmComposite: ["video": try await compositeFilm()]
        case .muxAudio: ["video": try await muxAudio()]
        case .soundTrim: ["audio": try await trimSound()]
        case .soundConcat: ["audio": try await joinSounds()]
        case .soundConvert: ["audio": try await convertSound()]
        case .probe: ["data": .json(try await probe())]
        case .csvRows: ["rows": .list(try await readRows())]
        case .markdown: ["html": .text(try await writeHTML())]
        }
    }

    // MARK: Files

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Makes kept media known in the folder under a name that cannot be misread.
    func bring(_ media: MediaReference, as name: String) async throws(NodeError) {
        let source = tools.assets.path(of: media.hash)
        let target = path(name)
        try await blocking { () throws(FileError) in try Folder.link(target, to: source) }
    }

    /// Writes a file in the folder.
    func write(_ bytes: [UInt8], as name: String) async throws(NodeError) {
        let target = path(name)
        try await blocking { () throws(FileError) in
            var file = try File(writing: target)
            try file.write(bytes.span)
        }
    }

    /// The whole of a file in the folder; a missing one is empty.
    func read(_ name: String, atMost limit: Int) async throws(NodeError) -> [UInt8] {
        let source = path(name)
        let bytes = try await blocking { () throws(FileError) in
            Folder.exists(source) ? try Folder.contents(of: source, atMost: limit) : []
        }
        guard let bytes else { throw NodeError(.invalidInput, "The result has more than \(limit) bytes.") }
        return bytes
    }

    /// The names of the files in the folder that begin so, sorted.
    func names(beginning prefix: String) async throws(NodeError) -> [String] {
        let folder = folder
        return try await blocking { () throws(FileError) in try Folder.names(in: folder).filter { $0.hasPrefix(prefix) }
        }
    }

    /// Gives a file of the folder to the media store.
    func keep(
        _ name: String,
        mimeType: String,
        title: String,
        facts: MediaFacts = MediaFacts()
    ) async throws(NodeError) -> Value {
        let made = path(name)
        let path = tools.assets.newPath()
        try await blocking { () throws(FileError) in
            guard Folder.exists(made) else { throw FileError.missing(made) }
            try Folder.move(made, to: path)
        }
        do {
            let suffix = MediaReference.fileExtension(of: mimeType)
            return .media(
                try await tools.assets.keep(
                    path,
                    mimeType: mimeType,
                    name: "\(title).\(suffix)",
                    facts: facts,
                    at: now()
                )
            )
        } catch {
            await tools.assets.discard(path)
            throw NodeError(.providerInternal, error.description)
        }
    }

    /// Does blocking work with files.
    func blocking<Result: Sendable>(
        _ work: @escaping @Sendable () throws(FileError) -> Result
    ) async throws(NodeError) -> Result {
        do {
            return try await tools.pool.run { try work() }
        } catch let error as FileError where error.isMissing {
            throw NodeError("media_expired", "The media is not in the store any more.")
        } catch let error as FileError where error.isFull {
            throw NodeError(.providerInternal, "The disk of the server is full. Free some space and try again.")
        } catch is CancellationError {
            throw .cancelled
        } catch let error as EventLoopError {
            throw NodeError(.overloaded, error.description)
        } catch {
            throw NodeError(.providerInternal, "A file of a local tool could not be used: \(error)")
        }
    }
}

extension NodeError {
    /// What a tool throws whose task was cancelled.
    static var cancelled: NodeError { NodeError("cancelled", "The attempt was cancelled.") }
}
