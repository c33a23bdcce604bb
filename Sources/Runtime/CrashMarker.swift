import FileSystem
public import Values

import Synchronization

/// Remembers about which runs something is being decided, so that the next start knows which run ended the process.
///
/// A file holds one identifier for each loop while a run of an earlier process is looked at. What is written survives
/// the end of the process; a machine that loses its power is no crash of ours. The decision about a run takes
/// microseconds, so a process that is killed from outside leaves nothing here.
public final class CrashMarker: Sendable {
    /// The runs that an earlier process was deciding about when it ended.
    public let found: [ExecutionID]
    private let file: Mutex<File?>

    /// Reads what an earlier process has left in a file, and begins it anew.
    public init(path: String) {
        let bytes = (try? Folder.contents(of: path, atMost: 1 << 16)) ?? []
        found = stride(from: 0, to: bytes.count - bytes.count % 16, by: 16).compactMap { start in
            let id = ExecutionID(bytes: Array(bytes[start..<(start + 16)]))
            return id == Self.nobody ? nil : id
        }
        file = Mutex(try? File(writing: path))
    }

    /// Does something about a run that could end the process.
    func deciding<Result>(_ id: ExecutionID, slot: Int, _ body: () -> Result) -> Result {
        write(id, slot)
        defer { write(Self.nobody, slot) }
        return body()
    }

    private func write(_ id: ExecutionID, _ slot: Int) {
        file.withLock { file in
            // Without the file a run that ends every process has to be found by a person.
            try? file?.seek(to: Int64(slot) * 16)
            try? file?.write(id.bytes.span)
        }
    }

    private static let nobody = ExecutionID(high: 0, low: 0)
}
