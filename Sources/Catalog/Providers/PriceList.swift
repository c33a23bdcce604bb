import Values

/// Prices that take the place of those in the offers: a document of the kind `prices`, which changes no node type.
struct PriceList {
    /// One offer's prices.
    struct Entry {
        /// The node type and the offer, such as `generate:flux_2/fal`.
        let name: String
        /// What is merged over the offer's `price`.
        let patch: PricePatch
    }

    let entries: [Entry]

    init(_ reader: ManifestReader) throws(ManifestError) {
        try reader.allow(["format", "kind", "label", "asOf", "source", "offers"])
        try reader.checkFormat()
        _ = try reader.optionalString("label")
        var common = JSONObject()
        if let asOf = try reader.optionalDate("asOf") { common["asOf"] = .string(asOf) }
        if let source = try reader.optionalString("source") { common["source"] = .string(source) }
        guard let offers = try reader.optionalReader("offers") else { throw reader.error("offers", "is missing") }
        var entries: [Entry] = []
        for name in offers.object.keys {
            guard let entry = try offers.optionalReader(name) else { continue }
            guard name.split(separator: "/", omittingEmptySubsequences: false).count == 2 else {
                throw offers.error(name, "must be named <node type>/<offer>")
            }
            _ = try PricePlan(entry, isComplete: false)
            let json = JSON.object(common).merging(.object(entry.object))
            entries.append(Entry(name: name, patch: PricePatch(json: json, reader: entry)))
        }
        self.entries = entries
    }
}

/// What is merged over the prices of an offer.
struct PricePatch: Sendable {
    /// The members that are merged.
    let json: JSON
    /// The place of the last document that says so, for errors.
    let reader: ManifestReader

    /// The patch with a later one merged over it.
    func merging(_ later: PricePatch) -> PricePatch {
        PricePatch(json: json.merging(later.json), reader: later.reader)
    }

    /// An error that showed in the merged prices, at the place of the patch.
    func blamed(for error: ManifestError, at place: String) -> ManifestError {
        ManifestError(file: reader.file, path: reader.path + error.path.dropFirst(place.count), reason: error.reason)
    }
}
