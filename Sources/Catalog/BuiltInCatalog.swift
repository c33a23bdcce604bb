private import CCatalog

/// The manifests, prices and templates that are part of the program.
public enum BuiltInCatalog {
    /// Every file of the folder `Catalog`, by its path within it, sorted.
    public static var documents: [Catalog.Document] {
        (0..<catalog_count()).map { number in
            let bytes = unsafe UnsafeBufferPointer(start: catalog_bytes(number), count: catalog_length(number))
            return unsafe Catalog.Document(file: String(cString: catalog_path(number)), bytes: Array(bytes))
        }
    }
}
