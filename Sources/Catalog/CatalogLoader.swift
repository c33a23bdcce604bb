/// Reads the built-in documents with those of the operator, and again when these change.
///
/// A file that is wrong is refused and the last good text of it stays; the other files count all the same.
public struct CatalogLoader: Sendable {
    /// What came of reading.
    public struct Outcome: Sendable {
        /// The catalog of everything that is right; `nil` when the former one stays.
        public let catalog: Catalog?
        /// Why files were refused.
        public let refusals: [ManifestError]
    }

    private let builtIn: [Catalog.Document]
    /// The last good text of each of the operator's files.
    private var accepted: [String: Catalog.Document] = [:]

    /// A loader over what is part of the program.
    public init(builtIn: [Catalog.Document] = BuiltInCatalog.documents) {
        self.builtIn = builtIn
    }

    /// The catalog with all of these documents.
    ///
    /// - Throws: ``ManifestError`` when one of them is wrong.
    public func strict(_ own: [Catalog.Document]) throws(ManifestError) -> Catalog {
        try Catalog(builtIn + own, compilesOffers: true)
    }

    /// The catalog with those of the documents that are right, in place of everything the operator had before.
    public mutating func read(_ own: [Catalog.Document]) -> Outcome {
        var candidates = Dictionary(own.map { ($0.file, $0) }, uniquingKeysWith: { $1 })
        var refused: Set<String> = []
        var refusals: [ManifestError] = []
        while true {
            do throws(ManifestError) {
                let catalog = try strict(candidates.sorted { $0.key < $1.key }.map(\.value))
                accepted = candidates
                return Outcome(catalog: catalog, refusals: refusals)
            } catch {
                refusals.append(error)
                // A fault that shows in a file of the program is one of the files together: none of them can be blamed.
                guard candidates[error.file] != nil else { return Outcome(catalog: nil, refusals: refusals) }
                candidates[error.file] = refused.insert(error.file).inserted ? accepted[error.file] : nil
            }
        }
    }
}
