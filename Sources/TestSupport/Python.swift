public import Foundation

/// The Python of the tests, with the packages of `Tests/requirements.txt`; `Scripts/python` installs it.
public enum Python {
    /// The folder of the repository.
    public static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    /// The interpreter, or `nil` where it is not installed.
    public static let path: String? = {
        let own = root.appending(path: ".tools/python/bin/python").path
        let path = ProcessInfo.processInfo.environment["MILLRACE_PYTHON"] ?? own
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    /// Why a script gave no answer.
    public struct Failure: Error {
        /// What it ended with; -1 when there is no Python.
        public let status: Int32
    }

    /// What a script of the repository prints for an input.
    public static func run(_ script: String, _ arguments: [String] = [], input: String) async throws -> String {
        guard let path else { throw Failure(status: -1) }
        let folder = try TemporaryFolder()
        let (source, target) = (URL(filePath: "\(folder.path)/input"), URL(filePath: "\(folder.path)/output"))
        try Data(input.utf8).write(to: source)
        try Data().write(to: target)
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = [root.appending(path: script).path] + arguments
        process.standardInput = try FileHandle(forReadingFrom: source)
        process.standardOutput = try FileHandle(forWritingTo: target)
        let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { done.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                done.resume(throwing: error)
            }
        }
        guard status == 0 else { throw Failure(status: status) }
        return String(decoding: try Data(contentsOf: target), as: UTF8.self)
    }
}
