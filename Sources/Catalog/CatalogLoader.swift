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

    private typealias Files = [String: Catalog.Document]

    private let builtIn: [Catalog.Document]
    /// The last good text of each of the operator's files.
    private var accepted: Files = [:]

    /// The most files of which each is left out by turns to find the one that spoils another.
    private static let suspects = 20

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
    ///
    /// - Parameters:
    ///   - own: The operator's documents.
    ///   - unreadable: The files of the operator that could not be read, with the reasons.
    /// - Returns: The catalog and what was refused.
    public mutating func read(_ own: [Catalog.Document], unreadable: [ManifestError] = []) -> Outcome {
        var candidates = Dictionary(own.map { ($0.file, $0) }, uniquingKeysWith: { $1 })
        for error in unreadable { candidates[error.file] = accepted[error.file] }
        var refused: Set<String> = []
        var refusals = unreadable
        while true {
            do throws(ManifestError) {
                let catalog = try strict(candidates)
                accepted = candidates
                return Outcome(catalog: catalog, refusals: refusals)
            } catch {
                guard let culprit = culprit(error, candidates) else {
                    return Outcome(catalog: nil, refusals: refusals + [error])
                }
                var error = error
                if culprit != error.file { error.reason += " (since \(culprit) is read with it)" }
                refusals.append(error)
                candidates[culprit] = refused.insert(culprit).inserted ? accepted[culprit] : nil
            }
        }
    }

    private func strict(_ files: Files) throws(ManifestError) -> Catalog {
        try strict(files.sorted { $0.key < $1.key }.map(\.value))
    }

    /// The operator's file that is to blame: the one that is wrong, or the one that makes a file of the program wrong.
    private func culprit(_ error: ManifestError, _ files: Files) -> String? {
        if files[error.file] != nil { return error.file }
        let changed = files.filter { accepted[$0.key] != $0.value }.keys.sorted()
        return changed.prefix(Self.suspects).first { file in
            var others = files
            others[file] = accepted[file]
            do throws(ManifestError) {
                _ = try strict(others)
                return true
            } catch let other {
                return other != error
            }
        }
    }
}
