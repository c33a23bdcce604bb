public import Values

/// A moment in UTC to the nanosecond, in the years 1 to 9999.
public struct CELTimestamp: Hashable, Comparable, Sendable {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    public let seconds: Int64
    /// The nanoseconds after that second, from 0 to 999,999,999.
    public let nanoseconds: Int32

    /// The moment so many seconds after 1970-01-01T00:00:00Z, or `nil` outside the years 1 to 9999.
    public init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard Self.range.contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else { return nil }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    private init(uncheckedSeconds: Int64) {
        seconds = uncheckedSeconds
        nanoseconds = 0
    }

    /// The moment of the host, or `nil` outside the years 1 to 9999.
    public init?(_ instant: Instant) {
        let rest = instant.microseconds - instant.seconds * 1_000_000
        self.init(seconds: instant.seconds, nanoseconds: Int32(rest) * 1000)
    }

    /// From 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
    static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// 1970-01-01T00:00:00Z.
    public static let epoch = CELTimestamp(uncheckedSeconds: 0)

    /// The moment to the microsecond, rounded down.
    public var instant: Instant {
        Instant(microseconds: seconds * 1_000_000 + Int64(nanoseconds) / 1000)
    }

    /// Whether the first moment lies before the second.
    public static func < (left: CELTimestamp, right: CELTimestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// The moment that much later, or `nil` outside the years 1 to 9999.
    func adding(_ duration: CELDuration) -> CELTimestamp? {
        let whole = duration.nanoseconds.flooredQuotient(by: 1_000_000_000)
        let nanoseconds = Int64(self.nanoseconds) + duration.nanoseconds - whole * 1_000_000_000
        let carry: Int64 = nanoseconds >= 1_000_000_000 ? 1 : 0
        return CELTimestamp(
            seconds: seconds + whole + carry,
            nanoseconds: Int32(nanoseconds - carry * 1_000_000_000)
        )
    }

    /// The span since another moment, or `nil` when it is beyond a duration.
    func since(_ other: CELTimestamp) -> CELDuration? {
        let (product, overflow) = (seconds - other.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        let (sum, carry) = product.addingReportingOverflow(Int64(nanoseconds - other.nanoseconds))
        return carry ? nil : CELDuration(nanoseconds: sum)
    }
}

extension CELTimestamp: CustomStringConvertible, LosslessStringConvertible {
    /// RFC 3339 in UTC, with as many decimals as are needed, such as `2026-11-20T14:12:09.5Z`.
    public var description: String {
        let days = seconds.flooredQuotient(by: 86_400)
        let date = CivilDate(daysSince1970: days)
        let second = Int(seconds - days * 86_400)
        var text = ""
        text.append(padded: date.year, to: 4)
        text += "-"
        text.append(padded: date.month, to: 2)
        text += "-"
        text.append(padded: date.day, to: 2)
        text += "T"
        text.append(padded: second / 3600, to: 2)
        text += ":"
        text.append(padded: second / 60 % 60, to: 2)
        text += ":"
        text.append(padded: second % 60, to: 2)
        text.append(fraction: Int(nanoseconds))
        return text + "Z"
    }

    /// Reads RFC 3339 with an optional fraction of up to 9 digits and `Z` or an offset `±hh:mm`.
    public init?(_ text: String) {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2), reader.take("T") || reader.take("t"),
            let hour = reader.digits(2), reader.take(":"), let minute = reader.digits(2), reader.take(":"),
            let second = reader.digits(2), hour < 24, minute < 60, second < 60,
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        var nanoseconds: Int64 = 0
        if reader.take(".") {
            guard let fraction = reader.fraction() else { return nil }
            nanoseconds = fraction
        }
        guard let offset = reader.offsetMinutes(), reader.isAtEnd else { return nil }
        let minutes = (date.daysSince1970 * 24 + Int64(hour)) * 60 + Int64(minute - offset)
        self.init(seconds: minutes * 60 + Int64(second), nanoseconds: Int32(nanoseconds))
    }
}

extension String {
    /// Appends a number with zeros before it.
    mutating func append(padded number: Int, to digits: Int) {
        let text = String(number)
        for _ in text.utf8.count..<max(digits, text.utf8.count) { append("0") }
        append(text)
    }

    /// Appends nanoseconds as a decimal fraction without the zeros at its end; nothing for none.
    mutating func append(fraction nanoseconds: Int) {
        guard nanoseconds > 0 else { return }
        var digits = 9
        var rest = nanoseconds
        while rest % 10 == 0 {
            rest /= 10
            digits -= 1
        }
        append(".")
        append(padded: rest, to: digits)
    }
}
