/// An amount of US dollars in whole nano-dollars (1 USD = 1,000,000,000).
public struct Money: Hashable, Comparable, Sendable {
    /// The amount in nano-dollars.
    public var nano: Int64

    /// So many nano-dollars.
    public init(nano: Int64) {
        self.nano = nano
    }

    /// Nothing.
    public static let zero = Money(nano: 0)

    /// A result of a price formula in nano-dollars, rounded half to even; `nil` when it is negative, no number or too
    /// large.
    public init?(rounding nanoDollars: Double) {
        let rounded = nanoDollars.rounded(.toNearestOrEven)
        guard rounded >= 0, rounded < 9e18 else { return nil }
        nano = Int64(rounded)
    }

    /// A decimal number of dollars such as `0.035`, converted exactly; `nil` when it is no such number or has more
    /// than nine decimals.
    public init?(dollars text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        // A sign is no digit, though the integers of the standard library read one.
        guard let first = parts.first, first.utf8.count <= 9, !text.contains("+"), let whole = UInt32(first) else {
            return nil
        }
        var fraction: Int64 = 0
        if parts.count == 2 {
            guard (1...9).contains(parts[1].utf8.count), let digits = UInt32(parts[1]) else { return nil }
            fraction = Int64(digits)
            for _ in parts[1].utf8.count..<9 { fraction *= 10 }
        }
        nano = Int64(whole) * 1_000_000_000 + fraction
    }

    /// The amount in dollars, for output.
    public var dollars: Double { Double(nano) / 1e9 }

    /// The sum; held at the largest and smallest amount instead of overflowing.
    public static func + (left: Money, right: Money) -> Money { Money(nano: left.nano.heldSum(with: right.nano)) }

    /// The difference; held at the largest and smallest amount instead of overflowing.
    public static func - (left: Money, right: Money) -> Money {
        let (difference, overflow) = left.nano.subtractingReportingOverflow(right.nano)
        return Money(nano: overflow ? (right.nano > 0 ? .min : .max) : difference)
    }

    /// Adds an amount.
    public static func += (left: inout Money, right: Money) { left = left + right }

    /// Whether the first amount is smaller.
    public static func < (left: Money, right: Money) -> Bool { left.nano < right.nano }

    /// The amount in credits of that price, rounded up.
    public func credits(at creditPrice: Money) -> Int64 {
        guard nano > 0, creditPrice.nano > 0 else { return 0 }
        return (nano - 1) / creditPrice.nano + 1
    }
}
