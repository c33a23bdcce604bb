import Foundation

/// A new folder that is removed when its owner lets go of it.
public final class TemporaryFolder: Sendable {
    /// The path of the folder.
    public let path: String

    private let isOwned: Bool

    /// A folder that another process has made and removes.
    public init(at path: String) {
        self.path = path
        isOwned = false
    }

    /// Makes the folder; in memory, where the system has such a place, when its files need not outlive a power cut.
    public init(inMemory: Bool = false) throws {
        isOwned = true
        let shared = "/dev/shm"
        let isShared = inMemory && FileManager.default.isWritableFile(atPath: shared)
        let parent = isShared ? URL(filePath: shared) : FileManager.default.temporaryDirectory
        path = parent.appending(path: "millrace-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        guard isOwned else { return }
        try? FileManager.default.removeItem(atPath: path)
    }
}
