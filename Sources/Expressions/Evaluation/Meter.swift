/// Counts the work of one evaluation: one unit for each operation and element, one for 16 bytes.
struct Meter {
    private let limit: Int
    private(set) var remaining: Int

    init(limit: Int) {
        self.limit = limit
        remaining = limit
    }

    @inline(__always)
    mutating func charge(_ units: Int) throws(Failure) {
        remaining -= units
        if remaining < 0 { throw exhausted }
    }

    /// Counts the reading or making of so many bytes.
    @inline(__always)
    mutating func charge(bytes: Int) throws(Failure) {
        try charge(bytes >> 4)
    }

    private var exhausted: Failure { Failure(.limit(.cost(limit))) }

    /// Counts everything inside a value, as writing it out would.
    mutating func charge(traversing value: CELValue) throws(Failure) {
        switch value {
        case .string(let text): try charge(1 + text.utf8.count >> 4)
        case .bytes(let bytes): try charge(1 + bytes.count >> 4)
        case .list(let list):
            try charge(1 + list.count)
            for element in list { try charge(traversing: element) }
        case .map(let map):
            try charge(1 + map.count)
            for entry in map.entries {
                try charge(traversing: entry.key)
                try charge(traversing: entry.value)
            }
        case .optional(let content?): try charge(traversing: content)
        default: try charge(1)
        }
    }
}

extension CELValue {
    /// Whether the value takes more than so many bytes; opaques and media take none.
    func isLarger(than maximum: Int) -> Bool {
        switch self {
        case .string(let text): return text.utf8.count > maximum
        case .bytes(let bytes): return bytes.count > maximum
        case .list, .map, .optional:
            var left = maximum
            subtractSize(from: &left)
            return left < 0
        default: return false
        }
    }

    private func subtractSize(from left: inout Int) {
        guard left >= 0 else { return }
        switch self {
        case .string(let text): left -= text.utf8.count + 2
        case .bytes(let bytes): left -= bytes.count + 2
        case .list(let list):
            left -= 2 + list.count
            for element in list where left >= 0 { element.subtractSize(from: &left) }
        case .map(let map):
            left -= 2 + map.count * 2
            for entry in map.entries where left >= 0 {
                entry.key.subtractSize(from: &left)
                entry.value.subtractSize(from: &left)
            }
        case .optional(let content): content?.subtractSize(from: &left)
        default: left -= 4
        }
    }
}
