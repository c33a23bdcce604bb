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

    /// Makes the folder.
    public init() throws {
        isOwned = true
        path = FileManager.default.temporaryDirectory.appending(path: "millrace-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        guard isOwned else { return }
        try? FileManager.default.removeItem(atPath: path)
    }
}
