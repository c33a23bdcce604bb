/// Finds what a misspelled name was meant to be.
enum Spelling {
    /// The candidate with the fewest changed letters, or `nil` when none is near.
    static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let letters = Array(name.utf8.prefix(64))
        let farthest = max(1, letters.count / 3)
        var best: (name: String, distance: Int)?
        for candidate in candidates where abs(candidate.utf8.count - letters.count) <= farthest {
            if lowered(candidate) == lowered(name) { return candidate }
            let distance = distance(letters, Array(candidate.utf8.prefix(64)))
            guard distance <= farthest, distance < letters.count else { continue }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.name
    }

    private static func lowered(_ name: String) -> [UInt8] {
        name.utf8.compactMap { $0 == UInt8(ascii: "_") ? nil : $0 | 0x20 }
    }

    /// The number of letters to add, drop, replace or swap with their neighbour to get from one name to the other.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var earlier: [Int] = []
        var above = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let replaced = above[column] + (left[row] == right[column] ? 0 : 1)
                var least = min(replaced, above[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    least = min(least, earlier[column - 1] + 1)
                }
                current.append(least)
            }
            earlier = above
            above = current
        }
        return above[right.count]
    }
}
