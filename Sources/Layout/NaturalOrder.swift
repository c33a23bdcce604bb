/// Whether a name comes before another when numbers in them count as numbers: `step 2` before `step 10`.
func isInNaturalOrder(_ left: String, _ right: String) -> Bool {
    var (a, b) = (Array(left.utf8)[...], Array(right.utf8)[...])
    while let first = a.first, let second = b.first {
        if first.isDigit, second.isDigit {
            let (x, y) = (a.takeNumber(), b.takeNumber())
            if x.count != y.count { return x.count < y.count }
            if x != y { return x.lexicographicallyPrecedes(y) }
        } else {
            if first != second { return first < second }
            a.removeFirst()
            b.removeFirst()
        }
    }
    // Names that differ only in leading zeros still have an order.
    return a.isEmpty && b.isEmpty ? left.utf8.lexicographicallyPrecedes(right.utf8) : a.isEmpty
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}

extension ArraySlice<UInt8> {
    /// Takes the digits at the start, without leading zeros.
    fileprivate mutating func takeNumber() -> ArraySlice<UInt8> {
        let digits = prefix(while: \.isDigit)
        self = self[digits.endIndex...]
        return digits.drop { $0 == UInt8(ascii: "0") }
    }
}
