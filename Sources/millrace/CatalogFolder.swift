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

    /// Reads the folder; a file that is wrong is left out, with a line in the log.
    init(_ path: String, log: (String) -> Void) throws {
        self.path = path
        var loader = CatalogLoader()
        let stamps = Self.stamps(in: path)
        let outcome = loader.read(Self.documents(in: path, log))
        for refusal in outcome.refusals { log("The catalog leaves a file out. \(refusal)") }
        live = LiveCatalog(try outcome.catalog ?? loader.strict([]))
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
        let stamps = Self.stamps(in: path)
        state.withLock { state in
            guard stamps != state.stamps else { return }
            state.stamps = stamps
            let outcome = state.loader.read(Self.documents(in: path, log))
            for refusal in outcome.refusals { log("The catalog keeps its former version. \(refusal)") }
            guard let catalog = outcome.catalog else { return }
            live.replace(with: catalog)
            log("The catalog was read again: \(catalog.nodeTypes.count) node types.")
        }
    }

    /// The documents of the folder and those below it; a missing folder holds none.
    static func documents(in path: String, _ log: (String) -> Void) -> [Catalog.Document] {
        files(in: path).compactMap { file in
            do {
                guard let bytes = try Folder.contents(of: file, atMost: 1 << 20) else {
                    log("The catalog leaves a file out. \(file): is longer than 1 MiB")
                    return nil
                }
                return Catalog.Document(file: file, bytes: bytes, layer: .own)
            } catch {
                log("The catalog leaves a file out. \(error)")
                return nil
            }
        }
    }

    private static func stamps(in path: String) -> [String: FileStamp] {
        var stamps: [String: FileStamp] = [:]
        for file in files(in: path) { stamps[file] = Folder.stamp(of: file) }
        return stamps
    }

    private static func files(in folder: String) -> [String] {
        guard Folder.isFolder(folder), let names = try? Folder.names(in: folder) else { return [] }
        return names.flatMap { name in
            let path = "\(folder)/\(name)"
            if name.hasPrefix(".") { return [] }
            return Folder.isFolder(path) ? files(in: path) : name.hasSuffix(".json") ? [path] : []
        }
    }
}
