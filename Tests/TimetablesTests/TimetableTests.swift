import Foundation
import Testing
import TestSupport
import Timetables
import Values

/// Cron texts, the clocks of places, and the moments that follow from both.
struct TimetableTests {
    private static func moments(_ cron: String, _ zone: String, after: String, _ count: Int) throws -> [String] {
        let table = Timetable.cron(try CronExpression(cron), try ZoneFile.rules(zone))
        return table.next(count, after: try #require(Instant(after))).map { String($0.description.prefix(19)) }
    }

    @Test func `does what clocks skip at the moment they go on at, once`() throws {
        #expect(
            try Self.moments("30 2 * * *", "Europe/Berlin", after: "2026-03-27T12:00:00Z", 3)
                == ["2026-03-28T01:30:00", "2026-03-29T01:00:00", "2026-03-30T00:30:00"]
        )
        #expect(
            try Self.moments("*/15 2 * * *", "Europe/Berlin", after: "2026-03-28T01:45:00Z", 2)
                == ["2026-03-29T01:00:00", "2026-03-30T00:00:00"]
        )
        #expect(
            try Self.moments("0 0 2 * * *", "Europe/Berlin", after: "2026-03-29T00:59:59Z", 1) == [
                "2026-03-29T01:00:00"
            ]
        )
    }

    @Test func `does what clocks show twice once, unless it fits every hour`() throws {
        #expect(
            try Self.moments("30 2 * * *", "Europe/Berlin", after: "2026-10-24T12:00:00Z", 2)
                == ["2026-10-25T00:30:00", "2026-10-26T01:30:00"]
        )
        #expect(
            try Self.moments("*/30 * * * *", "Europe/Berlin", after: "2026-10-25T00:00:00Z", 4)
                == ["2026-10-25T00:30:00", "2026-10-25T01:00:00", "2026-10-25T01:30:00", "2026-10-25T02:00:00"]
        )
    }

    @Test(
        arguments: [
            "", "* * * *", "* * * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
            "*/0 * * * *",
            "a * * * *", "1-1 * * * *", "50-10/3 * * * *", "0 0 30 2 *", "0 0 31 apr *", "* * * * 5#6", "* * * * 5#0",
            "* * * * mon#1,tue", "0 0 15 * mon#1", "@never", "@", "- * * * *", ", * * * *", "1, * * * *", "1/ * * * *",
            "?/2 * * * *", "* * L/2 * *", "99999999999999999999 * * * *", "0 0 15W * *", "h * * * *", "1--2 * * * *",
        ]
    )
    func `refuses a text that names no times`(text: String) {
        #expect(throws: TimetableError.self) { try CronExpression(text) }
    }

    @Test func `reads whatever it is given without an end that cannot be foreseen`() throws {
        var random = SplitMix64(seed: 9)
        let letters = Array("0123456789*/,-#?lLwW@ \tmonjanSUN")
        var read = 0
        for _ in 0..<50_000 {
            let text = String((0..<Int.random(in: 0...16, using: &random)).map { _ in random.pick(letters) })
            guard let cron = try? CronExpression(text) else { continue }
            read += 1
            #expect(Timetable.cron(cron, .utc).next(after: Instant(microseconds: 0)) != nil)
        }
        for _ in 0..<2000 {
            let fields = (0..<5).map { _ in random.pick(["*", "1", "2-4", "*/2", "5,6", "0", "3/2"]) }
            if (try? CronExpression(fields.joined(separator: " "))) != nil { read += 1 }
        }
        #expect(read > 500)
    }

    @Test func `reads no file of the time zone database that was cut or changed, but never fails on one`() throws {
        let bytes = Array(try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Berlin")))
        for length in stride(from: 0, to: bytes.count, by: 7) {
            #expect(ZoneRules(file: Array(bytes.prefix(length))) == nil)
        }
        var random = SplitMix64(seed: 3)
        for _ in 0..<5000 {
            var changed = bytes
            for _ in 0..<3 {
                changed[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if let rules = ZoneRules(file: changed) {
                _ = rules.span(at: Int64.random(in: 0...4_000_000_000, using: &random))
            }
        }
    }

    @Test func `knows the offsets that the system knows, everywhere`() throws {
        var random = SplitMix64(seed: 1)
        for name in TimeZone.knownTimeZoneIdentifiers {
            guard let zone = TimeZone(identifier: name), let rules = try? ZoneFile.rules(name) else { continue }
            for _ in 0..<20 {
                let second = Int64.random(in: 0...2_100_000_000, using: &random)
                let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
                #expect(rules.span(at: second).offset == Int64(offset), "\(name) at \(second)")
            }
        }
    }

    @Test func `gives the last moments of a span, however long it is`() throws {
        let table = Timetable.cron(try CronExpression("* * * * * *"), .utc)
        let end = try #require(Instant("2026-11-20T00:00:00Z"))
        let found = table.last(3, after: Instant(microseconds: 0), upTo: end)
        #expect(found.map { ($0 - end).wholeMilliseconds } == [-2000, -1000, 0])
        #expect(table.last(5, after: end + .seconds(-2), upTo: end).count == 2)
        #expect(table.last(5, after: end, upTo: end).isEmpty)
    }

    @Test func `counts a span from its moment, and a moment once`() throws {
        let start = try #require(Instant("2026-11-20T00:00:00Z"))
        let every = Timetable.every(.seconds(90), from: start)
        #expect(every.next(3, after: start).map { ($0 - start).wholeMilliseconds } == [90_000, 180_000, 270_000])
        #expect(every.next(after: start + .seconds(-5)) == start)
        #expect(Timetable.once(start).next(after: start + .seconds(-1)) == start)
        #expect(Timetable.once(start).next(after: start) == nil)
    }

    @Test func `finds the moment of a local time`() throws {
        let berlin = try ZoneFile.rules("Europe/Berlin")
        func moment(_ local: String) throws -> String {
            let seconds = try #require(Instant("\(local)Z")).seconds
            return String(Instant(microseconds: berlin.second(ofLocal: seconds) * 1_000_000).description.prefix(16))
        }
        #expect(try moment("2026-07-01T12:00:00") == "2026-07-01T10:00")
        #expect(try moment("2026-03-29T02:30:00") == "2026-03-29T01:00")
        #expect(try moment("2026-10-25T02:30:00") == "2026-10-25T00:30")
    }
}
