private import CCatalog

/// The manifests, prices and templates that are part of the program, and the schemas they follow.
public enum BuiltInCatalog {
    /// Every file of the folder `Catalog`, by its path within it, sorted.
    public static var documents: [Catalog.Document] {
        files.filter { $0.isInCatalog }.map { Catalog.Document(file: $0.path, bytes: $0.bytes()) }
    }

    /// The JSON Schema of a kind of document, such as `node`; `nil` when there is no such kind.
    public static func schema(_ kind: String) -> [UInt8]? {
        files.first { $0.path == "\(schemas)\(kind).json" }?.bytes()
    }

    /// The files of a folder of schemas, such as `api`, in the order of their names.
    public static func schemas(of folder: String) -> [[UInt8]] {
        files.filter { $0.path.hasPrefix("\(schemas)\(folder)/") }.map { $0.bytes() }
    }

    /// A file of the documentation that the server shows, such as `errors.md`; `nil` when there is no such file.
    public static func page(_ path: String) -> [UInt8]? {
        files.first { $0.path == "documentation/\(path)" }?.bytes()
    }

    private static let schemas = "schemas/"

    private struct File {
        let path: String
        let bytes: () -> [UInt8]

        var isInCatalog: Bool { !path.hasPrefix(schemas) && !path.hasPrefix("documentation/") }
    }

    private static var files: [File] {
        (0..<catalog_count()).map { number in
            File(
                path: unsafe String(cString: catalog_path(number)),
                bytes: {
                    unsafe Array(UnsafeBufferPointer(start: catalog_bytes(number), count: catalog_length(number)))
                }
            )
        }
    }
}
