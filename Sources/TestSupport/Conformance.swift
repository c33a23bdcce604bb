public import Values

public import Foundation

/// The conformance data that nobody here wrote: in `$MILLRACE_CONFORMANCE`, else beside the checkout.
public enum Conformance {
    /// The folder, or `nil` when it is absent.
    public static var folder: URL? {
        let given = ProcessInfo.processInfo.environment["MILLRACE_CONFORMANCE"] ?? "../shared/conformance"
        let url = URL(filePath: given)
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }

    /// Whether the data must be there: under `CI=true` its absence is a failure, elsewhere a printed line.
    public static var isRequired: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }

    /// The JSON value of a file in the folder, or `nil` when the folder is absent.
    public static func json(_ path: String) throws -> JSON? {
        guard let folder else {
            print("conformance: \(path) skipped, the conformance data is not here")
            return nil
        }
        let data = try Data(contentsOf: folder.appending(path: path))
        return try JSON(parsing: [UInt8](data))
    }
}
