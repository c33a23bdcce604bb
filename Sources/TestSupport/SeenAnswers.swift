import Foundation
import Values

/// The answers of the API that tests have seen, noted for `Tests/Contract/covered.py`: every documented status and every
/// code has to occur.
public enum SeenAnswers {
    /// Where they are noted; `nil` when nobody wants to know.
    private static let file: FileHandle? = {
        guard let path = ProcessInfo.processInfo.environment["MILLRACE_ANSWERS"] else { return nil }
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        return descriptor < 0 ? nil : FileHandle(fileDescriptor: descriptor)
    }()

    /// Notes an answer in a line of its own.
    public static func note(_ method: String, _ target: String, _ status: Int, _ body: [UInt8]) {
        guard let file else { return }
        let path = target.split(separator: "?", omittingEmptySubsequences: false).first ?? ""
        let error = status < 400 ? nil : try? JSON(parsing: body)
        let code = error?["code"]?.string ?? error?["error"]?["code"]?.string ?? "-"
        try? file.write(contentsOf: Data("\(method) \(path) \(status) \(code)\n".utf8))
    }
}
