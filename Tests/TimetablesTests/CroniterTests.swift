import Foundation
import TestSupport
import Testing
import Timetables
import Values

/// The times of cron texts in places whose clocks change, compared with those of another implementation.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Python.path != nil, "Run Scripts/python first."))
struct CroniterTests {
    /// A text, a place, and a moment from which on times are wanted.
    struct Case: Sendable {
        let cron: String
        let zone: String
        let from: Int64
        let count: Int
    }

    private static let zones = [
        "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata",
        "Africa/Casablanca", "America/St_Johns", "Pacific/Apia", "Europe/Dublin", "Asia/Tehran", "UTC",
    ]
    /// Texts that fit every hour: they follow the clocks, here and there alike.
    private static let continuous = [
        "* * * * *", "*/7 * * * *", "0 * * * *", "30 * * * *", "5,35 * * * mon-fri", "59 * 1 * *", "15 */1 * * *",
        "*/20 */10 * * * *",
    ]
    /// Texts with hours of their own.
    private static let fixed = [
        "0 9 * * 1-5", "30 2 * * *", "30 1 * * *", "0 0 * * *", "15 3 * * sun", "0 0 1 * *", "0 12 l * *",
        "0 6 * * 5#2", "0 6 * * l5", "0 0 29 2 *", "0 0 13 * fri", "45 23 31 * *", "10 4-6/2 * * *", "0 0,12 1,15 * *",
        "0 8 * nov-feb sat-sun", "20 0 5 * * *", "@daily", "@weekly", "@monthly", "@yearly", "0 22 28-31 * *",
    ]

    @Test func `plans the times that croniter plans, over the changes of clocks of 24 years`() async throws {
        var random = SplitMix64(seed: 5)
        var cases: [Case] = []
        for zone in Self.zones {
            for cron in Self.continuous + Self.fixed
            // Where clocks go back by half an hour, the other one passes over times of these.
            where zone != "Australia/Lord_Howe" || !cron.hasPrefix("*/7") {
                let rare = cron.contains("29 2") || cron == "@yearly"
                for _ in 0..<3 {
                    // 2014 to 2038: what the files list, and what only their last lines say.
                    let from = Int64.random(in: 1_388_534_400...2_145_916_800, using: &random)
                    cases.append(Case(cron: cron, zone: zone, from: from, count: rare ? 3 : 30))
                }
                for change in try Self.changes(zone, &random) {
                    cases.append(Case(cron: cron, zone: zone, from: change - 10_000, count: rare ? 2 : 40))
                }
            }
        }
        let lines = cases.map { test in
            let line: JSON = [
                "cron": .string(test.cron), "zone": .string(test.zone), "from": .int(test.from),
                "count": .int(Int64(test.count)),
            ]
            return line.text + "\n"
        }
        let answers = try await Python.run("Tests/Differential/cron/compare.py", input: lines.joined())
            .split(separator: "\n")
        try #require(answers.count == cases.count)
        var repeated = 0
        for (test, answer) in zip(cases, answers) {
            let zone = try ZoneFile.rules(test.zone)
            let expression = try CronExpression(test.cron)
            var theirs = try JSON(parsing: String(answer)).array?.compactMap(\.integer) ?? []
            if !Self.continuous.contains(test.cron) {
                // What clocks show twice is done once here, and by the other one each time.
                let all = theirs.count
                theirs.removeAll { Self.isSecondShowing($0, zone) }
                repeated += all - theirs.count
            }
            let ours = Timetable.cron(expression, zone).next(
                theirs.count,
                after: Instant(microseconds: test.from * 1_000_000)
            )
            .map(\.seconds)
            #expect(ours == theirs, "\(test.cron) in \(test.zone) from \(test.from)")
        }
        #expect(repeated > 0)
    }

    /// Whether the clocks have shown the same time before.
    private static func isSecondShowing(_ second: Int64, _ zone: ZoneRules) -> Bool {
        let span = zone.span(at: second)
        guard span.start > .min else { return false }
        return second < span.start + zone.span(at: span.start - 1).offset - span.offset
    }

    /// Two changes of the clocks of a place.
    private static func changes(_ zone: String, _ random: inout SplitMix64) throws -> [Int64] {
        let rules = try ZoneFile.rules(zone)
        let from = Int64.random(in: 1_388_534_400...1_830_000_000, using: &random)
        let first = rules.span(at: from).end
        guard first < 4_000_000_000 else { return [] }
        let second = rules.span(at: first).end
        return second < 4_000_000_000 ? [first, second] : [first]
    }
}

/// The files of the system's time zone database.
enum ZoneFile {
    static func rules(_ name: String) throws -> ZoneRules {
        let data = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)"))
        return try #require(ZoneRules(file: Array(data)), "\(name)")
    }
}
