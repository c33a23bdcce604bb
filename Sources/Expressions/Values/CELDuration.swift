/// A span of time of at most ±292 years, to the nanosecond (CEL language definition, "Overflow").
public struct CELDuration: Hashable, Comparable, Sendable {
    /// The span in nanoseconds.
    public let nanoseconds: Int64

    /// A span of so many nanoseconds.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Whether the first span is shorter, or more negative.
    public static func < (left: CELDuration, right: CELDuration) -> Bool { left.nanoseconds < right.nanoseconds }
}

extension CELDuration: CustomStringConvertible, LosslessStringConvertible {
    /// Seconds with as many decimals as are needed, such as `3.5s`.
    public var description: String {
        let magnitude = nanoseconds.magnitude
        var text = nanoseconds < 0 ? "-" : ""
        text += String(magnitude / 1_000_000_000)
        text.append(fraction: Int(magnitude % 1_000_000_000))
        return text + "s"
    }

    /// Reads numbers with the units `h`, `m`, `s`, `ms`, `us` and `ns` one after the other, such as `-1h2m3.5s`, or `0`.
    public init?(_ text: String) {
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        if rest.elementsEqual("0".utf8) {
            self.init(nanoseconds: 0)
            return
        }
        guard !rest.isEmpty else { return nil }
        var sum: Int64 = 0
        while !rest.isEmpty {
            guard let part = Self.part(&rest) else { return nil }
            // The sum is kept negative: the most negative span has no positive twin.
            let (next, overflow) = sum.subtractingReportingOverflow(part)
            guard !overflow else { return nil }
            sum = next
        }
        guard isNegative || sum > .min else { return nil }
        self.init(nanoseconds: isNegative ? sum : -sum)
    }

    /// One number with its unit, in nanoseconds.
    private static func part(_ rest: inout Substring.UTF8View) -> Int64? {
        let whole = digits(&rest)
        var fraction: (value: Int64, count: Int) = (0, 0)
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard let decimals = digits(&rest, significant: 15) else { return nil }
            fraction = decimals
        }
        guard whole != nil || fraction.count > 0 else { return nil }
        guard let unit = unit(&rest) else { return nil }
        var scale: Int64 = 1
        for _ in 0..<fraction.count { scale *= 10 }
        let (product, overflow) = (whole?.value ?? 0).multipliedReportingOverflow(by: unit)
        let decimals = fraction.value.multipliedFullWidth(by: unit)
        let (sum, carry) = product.addingReportingOverflow(scale.dividingFullWidth(decimals).quotient)
        return overflow || carry ? nil : sum
    }

    private static func digits(_ rest: inout Substring.UTF8View, significant: Int = 18) -> (value: Int64, count: Int)? {
        var value: Int64 = 0
        var count = 0
        var seen = 0
        while let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            if count < significant {
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
                count += 1
            } else if significant == 18 {
                return nil
            }
            seen += 1
            rest.removeFirst()
        }
        return seen > 0 ? (value, count) : nil
    }

    private static func unit(_ rest: inout Substring.UTF8View) -> Int64? {
        let letters = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        let unit: Int64? =
            switch Substring(letters) {
            case "h": 3_600_000_000_000
            case "m": 60_000_000_000
            case "s": 1_000_000_000
            case "ms": 1_000_000
            case "us": 1000
            case "ns": 1
            default: nil
            }
        rest = rest[letters.endIndex...]
        return unit
    }
}
