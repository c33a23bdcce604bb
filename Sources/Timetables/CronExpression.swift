import Values

/// Local times in the notation of cron: five fields, or six with the seconds first.
///
/// Fields are `*`, values, lists, ranges, steps and English names; `L` is the last day of a month, `5#2` its second Friday,
/// `L5` its last one. Where both the day of the month and the day of the week are restricted, either is enough, as in cron.
public struct CronExpression: Sendable, Hashable {
    /// The text as it was given.
    public let text: String
    private let second: CronField
    private let minute: CronField
    private let hour: CronField
    private let day: CronField
    private let month: CronField
    private let weekday: CronField
    private let isAnyDay: Bool
    private let isAnyWeekday: Bool

    /// How many years are looked ahead for the next time.
    private static let years = 50
    private static let names = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]

    /// Reads a text such as `0 9 * * mon-fri` or `@hourly`.
    ///
    /// - Throws: ``TimetableError`` when it names no times, or times that never come.
    public init(_ text: String) throws(TimetableError) {
        self.text = text
        guard text.utf8.count <= 200 else { throw TimetableError("A cron text has at most 200 characters.") }
        let plain = text.lowercased()
        var fields = (Self.names[plain] ?? plain).split { $0 == " " || $0 == "\t" }
        if let first = fields.first, first.hasPrefix("@") {
            throw TimetableError(
                "There is no \(first). There are: \(Self.names.keys.sorted().joined(separator: ", "))."
            )
        }
        if fields.count == 5 { fields.insert("0", at: 0) }
        guard fields.count == 6 else {
            throw TimetableError("A cron text has 5 fields, or 6 with the seconds first; this one has \(fields.count).")
        }
        second = try CronField(fields[0], .second)
        minute = try CronField(fields[1], .minute)
        hour = try CronField(fields[2], .hour)
        day = try CronField(fields[3], .day)
        month = try CronField(fields[4], .month)
        weekday = try CronField(fields[5], .weekday)
        isAnyDay = day.isStar || day.isComplete && fields[5].contains("*")
        isAnyWeekday = weekday.isStar || weekday.isComplete && fields[3].contains("*")
        if !weekday.nth.isEmpty, !isAnyDay {
            throw TimetableError("With # or L in the day of the week, the day of the month must be *.")
        }
        guard next(from: 0) != nil else { throw TimetableError("There is never a time that fits \(text).") }
    }

    /// Whether it fits each hour: then it follows the clocks through their changes, while fixed hours come once a day.
    var isEveryHour: Bool { hour.isComplete }

    /// The first local time from a given one on, both in seconds since 1970 by the clocks of the place.
    func next(from local: Int64) -> Int64? {
        let today = local.flooredQuotient(by: 86_400)
        var date = CivilDate(daysSince1970: today)
        let last = date.year + Self.years
        var start = Int(local - today * 86_400)
        while date.year <= last {
            if !month.allows(date.month) {
                date = Self.monthAfter(date)
                start = 0
                continue
            }
            if fits(date), let time = time(from: start) { return date.daysSince1970 * 86_400 + Int64(time) }
            date = CivilDate(daysSince1970: date.daysSince1970 + 1)
            start = 0
        }
        return nil
    }

    private static func monthAfter(_ date: CivilDate) -> CivilDate {
        let next = CivilDate(year: date.month == 12 ? date.year + 1 : date.year, month: date.month % 12 + 1, day: 1)
        return next ?? date
    }

    /// Whether something happens on a day of an allowed month.
    private func fits(_ date: CivilDate) -> Bool {
        let fitsDay =
            day.allows(date.day) || day.hasLastDay && date.day == CivilDate.days(in: date.month, of: date.year)
        if isAnyWeekday { return isAnyDay || fitsDay }
        let fitsWeekday = weekday.allows(date.weekday) || weekday.nth.contains { Self.isNth($0, date) }
        return isAnyDay ? fitsWeekday : fitsDay || fitsWeekday
    }

    private static func isNth(_ nth: CronField.Nth, _ date: CivilDate) -> Bool {
        guard date.weekday == nth.weekday else { return false }
        guard nth.number > 0 else { return date.day + 7 > CivilDate.days(in: date.month, of: date.year) }
        return (date.day - 1) / 7 + 1 == nth.number
    }

    /// The first second of a day from a given one on.
    private func time(from start: Int) -> Int? {
        guard start < 86_400, let hour = self.hour.next(from: start / 3600) else { return nil }
        let isNewHour = hour > start / 3600
        let from = isNewHour ? 0 : start % 3600
        if let minute = self.minute.next(from: from / 60) {
            let second = self.second.next(from: minute > from / 60 ? 0 : from % 60)
            if let second { return hour * 3600 + minute * 60 + second }
            if let next = self.minute.next(from: minute + 1), let second = self.second.next(from: 0) {
                return hour * 3600 + next * 60 + second
            }
        }
        return time(from: (hour + 1) * 3600)
    }
}
