/// All decimal digits of a number, so that it can be rounded exactly.
///
/// Every double is a whole number times a power of two, and so has finitely many decimals.
struct DecimalExpansion {
    private let isNegative: Bool
    /// Decimal digits without zeros at the front; empty for 0.
    private var digits: [UInt8]
    /// How many of the digits are decimals; may be more than there are digits.
    private var scale: Int

    init(_ value: Double) {
        isNegative = value.sign == .minus
        var number = LargeNumber(value.significandBitPattern)
        var exponent = -1074
        if value.exponentBitPattern > 0 {
            number = LargeNumber(value.significandBitPattern | 1 << 52)
            exponent = Int(value.exponentBitPattern) - 1075
        }
        // 2^-n is 5^n / 10^n.
        number.multiply(by: exponent < 0 ? 5 : 2, times: abs(exponent))
        digits = number.decimalDigits
        scale = max(0, -exponent)
    }

    init(_ value: UInt64, isNegative: Bool) {
        self.isNegative = isNegative
        digits = LargeNumber(value).decimalDigits
        scale = 0
    }

    /// With so many decimals, rounded half to even.
    func fixed(decimals: Int) -> String {
        var rounded = self
        rounded.round(decimals: decimals)
        var text = isNegative ? "-" : ""
        let whole = rounded.digits.count - rounded.scale
        text += whole > 0 ? Self.text(rounded.digits[..<whole]) : "0"
        guard decimals > 0 else { return text }
        let fraction = rounded.digits[max(0, whole)...]
        return text + "." + String(repeating: "0", count: max(0, -whole)) + Self.text(fraction)
    }

    /// With one digit before the point, so many after it, and the power of ten, rounded half to even.
    func scientific(decimals: Int) -> String {
        var text = isNegative ? "-" : ""
        guard !digits.isEmpty else {
            return text + "0" + (decimals > 0 ? "." + String(repeating: "0", count: decimals) : "") + "e+00"
        }
        var rounded = self
        rounded.round(decimals: decimals - (digits.count - scale - 1))
        let exponent = rounded.digits.count - rounded.scale - 1
        text += Self.text(rounded.digits[..<1])
        if decimals > 0 { text += "." + Self.text(rounded.digits[1..<(1 + decimals)]) }
        text += exponent < 0 ? "e-" : "e+"
        text.append(padded: abs(exponent), to: 2)
        return text
    }

    private static func text(_ digits: ArraySlice<UInt8>) -> String {
        String(decoding: digits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self)
    }

    /// Leaves so many decimals; a negative number of them rounds whole digits to zeros.
    private mutating func round(decimals: Int) {
        guard scale > decimals else {
            digits += Array(repeating: 0, count: digits.isEmpty ? 0 : decimals - scale)
            if digits.isEmpty { digits = Array(repeating: 0, count: max(0, decimals)) }
            scale = decimals
            return
        }
        let kept = digits.count - (scale - decimals)
        let dropped = kept < 0 ? ArraySlice([0]) : digits[kept...]
        let last = kept > 0 ? digits[kept - 1] : 0
        let isUp =
            switch dropped.first ?? 0 {
            case 5: dropped.dropFirst().contains { $0 > 0 } || last % 2 == 1
            case let digit: digit > 5
            }
        digits = kept > 0 ? Array(digits[..<kept]) : []
        scale = decimals
        if isUp { increment() }
        if digits.isEmpty { digits = Array(repeating: 0, count: max(0, decimals)) }
    }

    private mutating func increment() {
        for place in digits.indices.reversed() {
            guard digits[place] == 9 else {
                digits[place] += 1
                return
            }
            digits[place] = 0
        }
        digits.insert(1, at: 0)
    }
}

/// A whole number of any size.
private struct LargeNumber {
    /// Digits to the base 10^9, the lowest first.
    private var parts: [UInt32]

    init(_ value: UInt64) {
        parts = []
        var rest = value
        while rest > 0 {
            parts.append(UInt32(rest % 1_000_000_000))
            rest /= 1_000_000_000
        }
    }

    mutating func multiply(by factor: UInt64, times: Int) {
        var left = times
        while left > 0 {
            var step: UInt64 = 1
            while left > 0, step * factor < 1 << 30 {
                step *= factor
                left -= 1
            }
            multiply(by: step)
        }
    }

    private mutating func multiply(by factor: UInt64) {
        var carry: UInt64 = 0
        for place in parts.indices {
            let product = UInt64(parts[place]) * factor + carry
            parts[place] = UInt32(product % 1_000_000_000)
            carry = product / 1_000_000_000
        }
        while carry > 0 {
            parts.append(UInt32(carry % 1_000_000_000))
            carry /= 1_000_000_000
        }
    }

    /// The highest first, without zeros at the front.
    var decimalDigits: [UInt8] {
        var digits: [UInt8] = []
        for part in parts {
            var rest = part
            for _ in 0..<9 {
                digits.append(UInt8(rest % 10))
                rest /= 10
            }
        }
        while digits.last == 0 { digits.removeLast() }
        return digits.reversed()
    }
}
