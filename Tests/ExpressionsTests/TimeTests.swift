import Expressions
import Testing

struct TimeTests {
    @Test(arguments: [
        ("2024-01-15T12:00:00Z", "Europe/Berlin", 13), ("2024-07-15T12:00:00Z", "Europe/Berlin", 14),
        ("2024-03-31T00:59:59Z", "Europe/Berlin", 1), ("2024-03-31T01:00:00Z", "Europe/Berlin", 3),
        ("2050-07-15T12:00:00Z", "Europe/Berlin", 14), ("2050-12-15T12:00:00Z", "America/New_York", 7),
        ("2090-01-15T12:00:00Z", "Australia/Sydney", 23), ("2090-07-15T12:00:00Z", "Australia/Sydney", 22),
        ("1850-01-15T12:00:00Z", "Europe/Berlin", 12), ("2024-01-15T12:00:00Z", "Asia/Kathmandu", 17),
        ("2024-01-15T12:00:00Z", "+05:30", 17), ("2024-01-15T12:00:00Z", "-5:30", 6),
        ("2024-01-15T12:00:00Z", "UTC", 12), ("2024-01-15T12:00:00Z", "Etc/GMT+3", 9),
    ])
    func `knows the hour in a time zone`(moment: String, zone: String, hour: Int64) throws {
        #expect(try evaluate("timestamp('\(moment)').getHours('\(zone)')") == .int(hour))
    }

    @Test(arguments: ["Nowhere/City", "../etc/passwd", "/etc/passwd", "Europe/../../x", "25:00", "Europe", ""])
    func `refuses other names`(zone: String) {
        let error = failure("timestamp(0).getHours('\(zone)') == 99")
        #expect(zone.isEmpty ? error == nil : error?.suggestion.contains("Europe/Berlin") == true)
    }

    @Test(
        arguments: [
            ("getFullYear()", 2024), ("getMonth()", 1), ("getDate()", 29), ("getDayOfMonth()", 28),
            ("getDayOfWeek()", 4),
            ("getDayOfYear()", 59), ("getHours()", 23), ("getMinutes()", 45), ("getSeconds()", 6),
            ("getMilliseconds()", 789),
            ("getDate('Asia/Tokyo')", 1), ("getMonth('Asia/Tokyo')", 2),
        ] as [(String, Int64)]
    )
    func `takes moments apart`(call: String, expected: Int64) throws {
        #expect(try evaluate("timestamp('2024-02-29T23:45:06.789Z').\(call)") == .int(expected))
    }

    @Test func `knows no zone where there are no files`() {
        #expect(TimeZones(folder: "/nowhere").zone(named: "Europe/Berlin") == nil)
        #expect(TimeZoneRules(Array("TZif2".utf8)) == nil)
    }
}
