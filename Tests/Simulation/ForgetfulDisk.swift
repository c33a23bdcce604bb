import Foundation

/// Copies of a database as it was before its last commits, for a disk that forgets them.
struct ForgetfulDisk {
    private let path: String
    private let copies: String
    private var taken = 0

    init(database path: String, copies: String) throws {
        self.path = path
        self.copies = copies
        try FileManager.default.createDirectory(atPath: copies, withIntermediateDirectories: true)
    }

    private static let files = ["", "-wal"]
    private static let depth = 3

    /// Keeps the files as they are now.
    mutating func keep() throws {
        taken += 1
        for file in Self.files {
            let copy = "\(copies)/\(taken % Self.depth)\(file)"
            try? FileManager.default.removeItem(atPath: copy)
            if FileManager.default.fileExists(atPath: path + file) {
                try FileManager.default.copyItem(atPath: path + file, toPath: copy)
            }
        }
    }

    /// Brings back the files as they were some commits ago.
    func forget() throws {
        guard taken >= Self.depth else { return }
        for file in Self.files + ["-shm"] { try? FileManager.default.removeItem(atPath: path + file) }
        for file in Self.files {
            let copy = "\(copies)/\((taken + 1) % Self.depth)\(file)"
            if FileManager.default.fileExists(atPath: copy) {
                try FileManager.default.copyItem(atPath: copy, toPath: path + file)
            }
        }
    }
}
