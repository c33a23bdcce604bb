import Synchronization

/// The catalog of now; it is replaced as a whole when the operator's folder changes.
public final class LiveCatalog: Sendable {
    private let state: Mutex<Catalog>

    /// A catalog that may be replaced.
    public init(_ catalog: Catalog) {
        state = Mutex(catalog)
    }

    /// The catalog of now.
    ///
    /// Whoever needs several facts that belong together takes it once.
    public var current: Catalog { state.withLock { $0 } }

    /// Takes another catalog from now on.
    public func replace(with catalog: Catalog) { state.withLock { $0 = catalog } }
}
