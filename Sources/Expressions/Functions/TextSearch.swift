/// Finds a text inside another in linear time (Knuth, Morris and Pratt, 1977).
struct TextSearch {
    private let pattern: [UInt8]
    /// For each place of the pattern the length of its longest beginning that also ends before that place.
    private let borders: [Int]

    init(_ pattern: String) {
        self.init(Array(pattern.utf8))
    }

    private init(_ pattern: [UInt8]) {
        self.pattern = pattern
        var borders = [Int](repeating: 0, count: pattern.count)
        var length = 0
        for place in pattern.indices.dropFirst() {
            while length > 0, pattern[place] != pattern[length] { length = borders[length - 1] }
            if pattern[place] == pattern[length] { length += 1 }
            borders[place] = length
        }
        self.borders = borders
    }

    /// The byte at which the pattern first stands at or after a place, or `nil`.
    func first(in text: Span<UInt8>, from start: Int = 0) -> Int? {
        guard !pattern.isEmpty else { return start }
        var length = 0
        var place = start
        while place < text.count {
            while length > 0, text[place] != pattern[length] { length = borders[length - 1] }
            if text[place] == pattern[length] { length += 1 }
            place += 1
            if length == pattern.count { return place - length }
        }
        return nil
    }

    /// The byte at which the pattern last stands at or before a place, or `nil`.
    func last(in text: Span<UInt8>, upTo place: Int) -> Int? {
        let end = min(place + pattern.count, text.count)
        var mirrored: [UInt8] = []
        mirrored.reserveCapacity(end)
        for place in stride(from: end - 1, through: 0, by: -1) { mirrored.append(text[place]) }
        let found = TextSearch(pattern.reversed()).first(in: mirrored.span)
        return found.map { end - $0 - pattern.count }
    }
}
