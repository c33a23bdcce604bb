import Foundation
import TestSupport
import Testing
import Values

struct InstantTests {
    private static let formatter: Date.ISO8601FormatStyle = .iso8601.year().month().day()
        .time(includingFractionalSeconds: true).timeZone(separator: .omitted)

    @Test func `writes and reads what Foundation does, from 1583 to 9999`() throws {
        var random = SplitMix64(seed: 17)
        for _ in 0..<3000 {
            let milliseconds = Int64.random(in: -12_212_553_600_000...253_402_300_799_999, using: &random)
            let instant = Instant(microseconds: milliseconds * 1000)
            let date = Date(timeIntervalSince1970: Double(milliseconds / 1000) + Double(milliseconds % 1000) / 1000)
            #expect(instant.description.prefix(19) == Self.formatter.format(date).prefix(19), "\(milliseconds)")
            #expect(Instant(instant.description) == instant)
        }
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (-1_000, "1969-12-31T23:59:59.999Z"),
        (999, "1970-01-01T00:00:00.000Z"), (1_709_164_799_999_999, "2024-02-28T23:59:59.999Z"),
        (1_709_164_800_000_000, "2024-02-29T00:00:00.000Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"), (253_402_300_799_999_999, "9999-12-31T23:59:59.999Z"),
        (-62_167_219_200_000_000, "0000-01-01T00:00:00.000Z"),
    ])
    func `writes milliseconds in UTC, rounded down`(microseconds: Int64, text: String) {
        #expect(Instant(microseconds: microseconds).description == text)
    }

    @Test(arguments: [
        (Int64.max, "9999-12-31T23:59:59.999Z"), (253_402_300_800_000_000, "9999-12-31T23:59:59.999Z"),
        (Int64.min, "0000-01-01T00:00:00.000Z"), (-62_167_219_200_000_001, "0000-01-01T00:00:00.000Z"),
    ])
    func `writes moments beyond four-digit years as the nearest that has one`(microseconds: Int64, text: String) {
        #expect(Instant(microseconds: microseconds).description == text)
    }

    @Test(arguments: [
        ("2026-11-20T14:12:09Z", Int64(1_795_183_929_000_000)), ("2026-11-20t14:12:09z", 1_795_183_929_000_000),
        ("2026-11-20 14:12:09Z", 1_795_183_929_000_000), ("2026-11-20T15:12:09+01:00", 1_795_183_929_000_000),
        ("2026-11-20T08:42:09-05:30", 1_795_183_929_000_000), ("2026-11-20T14:12:09.5Z", 1_795_183_929_500_000),
        ("2026-11-20T14:12:09.123456789Z", 1_795_183_929_123_456), ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-11-20T14:12:09+00:00", 1_795_183_929_000_000), ("2026-11-21T14:11:09+23:59", 1_795_183_929_000_000),
    ])
    func `reads offsets and fractions`(text: String, microseconds: Int64) {
        #expect(Instant(text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026-11-20", "2026-11-20T14:12Z", "2026-11-20T14:12:09", "2026-11-20T14:12:09+0100",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00Z ", "26-01-01T00:00:00Z",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60", "+2026-01-01T00:00:00Z", "2026-1-01T00:00:00Z",
        "٢٠٢٦-01-01T00:00:00Z", "0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01",
    ])
    func `refuses what is no such moment`(text: String) {
        #expect(Instant(text) == nil)
    }

    @Test(arguments: [
        (Int64.max, Duration.seconds(1), Int64.max), (.min, .seconds(-1), .min), (0, .seconds(Int64.max), .max),
        (0, .seconds(Int64.min), .min), (5, .nanoseconds(1999), 6), (5, .nanoseconds(-1999), 4),
    ])
    func `a sum is held within 64 bits`(start: Int64, span: Duration, sum: Int64) {
        #expect((Instant(microseconds: start) + span).microseconds == sum)
    }

    @Test func `a difference is never too large`() {
        let span = Instant(microseconds: .max) - Instant(microseconds: .min)
        #expect(span > .seconds(18_000_000_000_000))
        #expect(Instant(microseconds: 7) - Instant(microseconds: 9) == .microseconds(-2))
    }
}

struct CivilDateTests {
    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    @Test func `agrees with Foundation on day, weekday and day of the year since 1583`() throws {
        for days in stride(from: Int64(-141_348), to: 2_932_896, by: 397) {
            let date = CivilDate(daysSince1970: days)
            let other = Self.calendar.dateComponents(
                [.year, .month, .day, .weekday, .dayOfYear],
                from: Date(timeIntervalSince1970: Double(days) * 86_400)
            )
            #expect((date.year, date.month, date.day) == (other.year ?? 0, other.month ?? 0, other.day ?? 0))
            #expect(date.weekday + 1 == other.weekday)
            #expect(date.dayOfYear == other.dayOfYear)
            #expect(date.daysSince1970 == days)
        }
    }

    @Test func `counts every day of four hundred years`() throws {
        var expected: Int64 = -719_528
        for year in 0..<400 {
            for month in 1...12 {
                for day in 1...CivilDate.days(in: month, of: year) {
                    let date = try #require(CivilDate(year: year, month: month, day: day))
                    guard date.daysSince1970 == expected, CivilDate(daysSince1970: expected) == date else {
                        Issue.record("\(year)-\(month)-\(day)")
                        return
                    }
                    expected += 1
                }
            }
        }
    }

    @Test(arguments: [
        (2024, 2, 29, true), (2023, 2, 29, false), (1900, 2, 29, false), (2000, 2, 29, true), (2026, 4, 31, false),
        (2026, 0, 1, false), (2026, 13, 1, false), (2026, 1, 0, false), (2026, 12, 31, true),
    ])
    func `knows how long months are`(year: Int, month: Int, day: Int, exists: Bool) {
        #expect((CivilDate(year: year, month: month, day: day) != nil) == exists)
    }
}
