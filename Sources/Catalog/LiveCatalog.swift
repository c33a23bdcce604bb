import Synchronization

/// The catalog of now; it is replaced as a whole when the operator's folder changes.
public final class LiveCatalog: Sendable {
    private let state: Mutex<(catalog: Catalog, refusals: [ManifestError])>

    /// A catalog that may be replaced, with what was refused while it was read.
    public init(_ catalog: Catalog, refusals: [ManifestError] = []) {
        state = Mutex((catalog, refusals))
    }

    /// The catalog of now.
    ///
    /// Whoever needs several facts that belong together takes it once.
    public var current: Catalog { state.withLock { $0.catalog } }

    /// Why files of the operator are not in force as they are now.
    public var refusals: [ManifestError] { state.withLock { $0.refusals } }

    /// Takes what came of reading anew; a catalog that could not be made leaves the former one in force.
    public func take(_ outcome: CatalogLoader.Outcome) {
        state.withLock { $0 = (outcome.catalog ?? $0.catalog, outcome.refusals) }
    }
}
