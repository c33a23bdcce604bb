import Catalog
import EventLoop
import FileSystem
import Synchronization

/// The operator's folder of manifests, prices and templates, read again when something in it changes.
final class CatalogFolder: Sendable {
    /// The catalog of now.
    let live: LiveCatalog
    private let path: String
    private let state: Mutex<State>

    private struct State {
        var loader: CatalogLoader
        var stamps: [String: FileStamp]
    }

    /// How often the folder is looked at.
    static let pause = Duration.seconds(1)
    /// The most bytes of one file.
    static let fileBytes = 1 << 20
    /// The most folders inside one another.
    private static let deepest = 8

    /// Reads the folder; a file that is wrong is left out, with a line in the log.
    init(_ path: String, log: (String) -> Void) throws {
        self.path = path
        var loader = CatalogLoader()
        let stamps = Self.stamps(in: path)
        let outcome = Self.read(path, &loader)
        for refusal in outcome.refusals { log("The catalog leaves a file out. \(refusal)") }
        live = LiveCatalog(try outcome.catalog ?? loader.strict([]), refusals: outcome.refusals)
        state = Mutex(State(loader: loader, stamps: stamps))
    }

    /// Looks at the folder for ever, until the task is cancelled.
    func watch(on loop: Loop, pool: BlockingPool, log: @escaping @Sendable (String) -> Void) async {
        while (try? await loop.sleep(for: Self.pause)) != nil {
            do {
                try await pool.run { self.refresh(log) }
            } catch {
                log("The folder \(path) could not be looked at: \(error)")
            }
        }
    }

    /// Reads the folder again when something in it has changed.
    private func refresh(_ log: (String) -> Void) {
        // What changes while it is read has another stamp the next time.
        let stamps = Self.stamps(in: path)
        state.withLock { state in
            guard stamps != state.stamps else { return }
            state.stamps = stamps
            let outcome = Self.read(path, &state.loader)
            live.take(outcome)
            for refusal in outcome.refusals { log("The catalog keeps its former version. \(refusal)") }
            if let catalog = outcome.catalog {
                log("The catalog was read again: \(catalog.nodeTypes.count) node types.")
            }
        }
    }

    private static func read(_ path: String, _ loader: inout CatalogLoader) -> CatalogLoader.Outcome {
        let (documents, unreadable) = documents(in: path)
        return loader.read(documents, unreadable: unreadable)
    }

    /// The documents of the folder and those below it that are no links, and the files that cannot be read; a missing folder holds none.
    static func documents(in path: String) -> (documents: [Catalog.Document], unreadable: [ManifestError]) {
        var documents: [Catalog.Document] = []
        var unreadable: [ManifestError] = []
        for file in files(in: path) {
            do {
                if let bytes = try Folder.contents(of: file, atMost: fileBytes) {
                    documents.append(Catalog.Document(file: file, bytes: bytes, layer: .own))
                } else {
                    unreadable.append(ManifestError(file: file, path: "", reason: "is longer than 1 MiB"))
                }
            } catch {
                unreadable.append(ManifestError(file: file, path: "", reason: "\(error)"))
            }
        }
        return (documents, unreadable)
    }

    private static func stamps(in path: String) -> [String: FileStamp] {
        var stamps: [String: FileStamp] = [:]
        for file in files(in: path) { stamps[file] = Folder.stamp(of: file) }
        return stamps
    }

    private static func files(in folder: String, depth: Int = 0) -> [String] {
        guard depth <= deepest, Folder.isFolder(folder), let names = try? Folder.names(in: folder) else { return [] }
        return names.flatMap { name in
            let path = "\(folder)/\(name)"
            if name.hasPrefix(".") { return [] as [String] }
            // A linked folder may lead back here; a pipe would be waited for.
            if Folder.isFolder(path) { return Folder.isLink(path) ? [] : files(in: path, depth: depth + 1) }
            return name.hasSuffix(".json") && Folder.isRegularFile(path) ? [path] : []
        }
    }
}
