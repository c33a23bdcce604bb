/// A moment in UTC, to the microsecond.
public struct Instant: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before.
    public var microseconds: Int64

    /// The moment so many microseconds after 1970-01-01T00:00:00Z.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
    public var milliseconds: Int64 { microseconds.flooredQuotient(by: 1000) }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    public var seconds: Int64 { microseconds.flooredQuotient(by: 1_000_000) }

    /// Whether the first moment lies before the second.
    public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    /// The moment that much later; held at the last and first moment instead of overflowing.
    public static func + (instant: Instant, span: Duration) -> Instant {
        Instant(microseconds: instant.microseconds.heldSum(with: span.wholeMicroseconds))
    }

    /// The span from the second moment to the first.
    public static func - (left: Instant, right: Instant) -> Duration {
        .microseconds(left.microseconds) - .microseconds(right.microseconds)
    }
}

extension Instant: CustomStringConvertible {
    /// ISO 8601 in UTC with milliseconds, such as `2026-11-20T14:12:09.114Z`; of a moment beyond the years 0 to 9999, the
    /// nearest one within.
    public var description: String {
        let milliseconds = min(max(milliseconds, Self.first.milliseconds), Self.last.milliseconds)
        let days = milliseconds.flooredQuotient(by: 86_400_000)
        var rest = Int(milliseconds - days * 86_400_000)
        let date = CivilDate(daysSince1970: days)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func append(_ number: Int, _ digits: Int) {
            var power = 1
            for _ in 1..<digits { power *= 10 }
            while power > 0 {
                text.append(UInt8(ascii: "0") + UInt8(number / power % 10))
                power /= 10
            }
        }
        append(date.year, 4)
        text.append(UInt8(ascii: "-"))
        append(date.month, 2)
        text.append(UInt8(ascii: "-"))
        append(date.day, 2)
        text.append(UInt8(ascii: "T"))
        append(rest / 3_600_000, 2)
        rest %= 3_600_000
        text.append(UInt8(ascii: ":"))
        append(rest / 60_000, 2)
        rest %= 60_000
        text.append(UInt8(ascii: ":"))
        append(rest / 1000, 2)
        text.append(UInt8(ascii: "."))
        append(rest % 1000, 3)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads ISO 8601 with date and time, an optional fraction of up to 9 digits, and `Z` or an offset `±hh:mm`; `nil`
    /// for anything else, and for what lies beyond the years 0 to 9999 in UTC.
    public init?(_ text: String) {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2), reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.digits(2), reader.take(":"), let minute = reader.digits(2), reader.take(":"),
            let second = reader.digits(2), hour < 24, minute < 60, second < 60,
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        var fraction: Int64 = 0
        if reader.take(".") {
            guard let nanoseconds = reader.fraction() else { return nil }
            fraction = nanoseconds / 1000
        }
        guard let offset = reader.offsetMinutes(), reader.isAtEnd else { return nil }
        let minutes = (date.daysSince1970 * 24 + Int64(hour)) * 60 + Int64(minute - offset)
        microseconds = (minutes * 60 + Int64(second)) * 1_000_000 + fraction
        guard (Self.first...Self.last).contains(self) else { return nil }
    }

    /// The first moment of the year 0, and the last of the year 9999.
    private static let first = Instant(microseconds: -62_167_219_200_000_000)
    private static let last = Instant(microseconds: 253_402_300_799_999_999)
}

extension Duration {
    /// The span in whole microseconds, rounded towards zero and held within 64 bits.
    public var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return product.heldSum(with: attoseconds / 1_000_000_000_000)
    }

    /// The span in whole milliseconds, rounded towards zero.
    public var wholeMilliseconds: Int64 { wholeMicroseconds / 1000 }
}

extension Int64 {
    /// The sum, held at the largest and smallest number instead of overflowing.
    package func heldSum(with other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The quotient rounded towards minus infinity.
    package func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
