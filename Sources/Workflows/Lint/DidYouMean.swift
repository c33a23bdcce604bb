import Catalog

/// The known name that is nearest to one that is not known.
struct DidYouMean {
    let name: String
    /// Whether the name may be taken without asking: it is very near, and nothing else is as near.
    let isSure: Bool

    /// - Returns: `nil` when nothing is near.
    init?(_ wanted: String, among known: some Sequence<String>) {
        let limit = min(4, max(1, wanted.count / 3))
        var best: (name: String, distance: Int)?
        var isUnique = true
        for name in known.sorted() where name != best?.name && abs(name.count - wanted.count) <= limit {
            let distance = name.distance(to: wanted)
            if distance > limit || distance > best?.distance ?? limit { continue }
            isUnique = distance < best?.distance ?? .max
            best = (name, distance)
        }
        guard let best else { return nil }
        name = best.name
        isSure = isUnique && best.distance <= 2 && best.distance * 3 <= max(3, wanted.count)
    }
}
