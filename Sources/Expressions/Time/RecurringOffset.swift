private import Values

/// The rule for every year to come, such as `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX `TZ`, RFC 9636 §3.3).
struct RecurringOffset: Sendable {
    private struct Change {
        enum Day {
            /// A weekday of a month: the week from 1 to 5, where 5 is the last.
            case weekday(month: Int, week: Int, day: Int)
            /// The day from 1 to 365 without 29 February.
            case withoutLeapDay(Int)
            /// The day from 0 to 365.
            case ofYear(Int)
        }

        let day: Day
        /// Seconds after midnight; may be negative or beyond a day.
        let second: Int
    }

    private let standard: Int
    private let summer: Int
    private let changes: (start: Change, end: Change)?

    init?(_ text: String) {
        var reader = RuleReader(text)
        guard reader.skipName(), let west = reader.seconds() else { return nil }
        standard = -west
        guard reader.skipName() else {
            guard reader.isAtEnd else { return nil }
            summer = standard
            changes = nil
            return
        }
        summer = reader.seconds().map { -$0 } ?? standard + 3600
        guard reader.take(","), let start = Self.change(&reader), reader.take(","), let end = Self.change(&reader),
            reader.isAtEnd
        else { return nil }
        changes = (start, end)
    }

    /// The seconds east of Greenwich at a moment.
    func offset(at moment: Int64) -> Int {
        guard let changes else { return standard }
        let year = CivilDate(daysSince1970: (moment + Int64(standard)).flooredQuotient(by: 86_400)).year
        let start = Self.moment(of: changes.start, in: year) - Int64(standard)
        let end = Self.moment(of: changes.end, in: year) - Int64(summer)
        let isSummer = start < end ? moment >= start && moment < end : moment >= start || moment < end
        return isSummer ? summer : standard
    }

    /// The local time of a change, in seconds since 1970.
    private static func moment(of change: Change, in year: Int) -> Int64 {
        let days: Int64
        switch change.day {
        case .weekday(let month, let week, let day):
            let last = CivilDate.days(in: month, of: year)
            guard let first = CivilDate(year: year, month: month, day: 1) else { return 0 }
            var date = 1 + (day - first.weekday + 7) % 7 + (week - 1) * 7
            if date > last { date -= 7 }
            days = first.daysSince1970 + Int64(date - 1)
        case .withoutLeapDay(let day):
            let isLeap = CivilDate.days(in: 2, of: year) == 29
            days = firstDay(of: year) + Int64(day - 1 + (isLeap && day >= 60 ? 1 : 0))
        case .ofYear(let day): days = firstDay(of: year) + Int64(day)
        }
        return days * 86_400 + Int64(change.second)
    }

    private static func firstDay(of year: Int) -> Int64 {
        CivilDate(year: year, month: 1, day: 1)?.daysSince1970 ?? 0
    }

    private static func change(_ reader: inout RuleReader) -> Change? {
        let day: Change.Day
        if reader.take("M") {
            guard let month = reader.number(), (1...12).contains(month), reader.take("."), let week = reader.number(),
                (1...5).contains(week), reader.take("."), let weekday = reader.number(), weekday < 7
            else { return nil }
            day = .weekday(month: month, week: week, day: weekday)
        } else if reader.take("J") {
            guard let number = reader.number(), (1...365).contains(number) else { return nil }
            day = .withoutLeapDay(number)
        } else {
            guard let number = reader.number(), number < 366 else { return nil }
            day = .ofYear(number)
        }
        guard reader.take("/") else { return Change(day: day, second: 7200) }
        return reader.seconds().map { Change(day: day, second: $0) }
    }
}

private struct RuleReader {
    private var rest: Substring

    init(_ text: String) {
        rest = Substring(text)
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ sign: Character) -> Bool {
        guard rest.first == sign else { return false }
        rest.removeFirst()
        return true
    }

    /// A name of letters, or of anything between `<` and `>`.
    mutating func skipName() -> Bool {
        if take("<") {
            guard let end = rest.firstIndex(of: ">") else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { $0.isLetter }
        rest = rest[letters.endIndex...]
        return letters.count >= 3
    }

    mutating func number() -> Int? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest[digits.endIndex...]
        return digits.count < 5 ? Int(digits) : nil
    }

    /// `[±]hh[:mm[:ss]]` in seconds.
    mutating func seconds() -> Int? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard var sum = number().map({ $0 * 3600 }) else { return nil }
        for unit in [60, 1] where take(":") {
            guard let part = number() else { return nil }
            sum += part * unit
        }
        return isNegative ? -sum : sum
    }
}
