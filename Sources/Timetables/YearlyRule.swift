import Values

/// When the clocks change each year: the last line of a file of the time zone database, which is a TZ string of POSIX
/// (RFC 9636, section 3.3.1).
struct YearlyRule: Sendable, Hashable {
    /// A day of a year.
    enum Day: Sendable, Hashable {
        /// `Jn`: the nth day, where 29 February does not count.
        case julian(Int)
        /// `n`: the nth day from 0.
        case ordinal(Int)
        /// `Mm.w.d`: the wth such day of the week of a month; 5 is the last.
        case weekday(month: Int, week: Int, day: Int)
    }

    /// When the clocks change, by the clocks before the change.
    struct Change: Sendable, Hashable {
        var day: Day
        /// Seconds from the begin of the day; may be negative, or beyond the day.
        var second: Int64
    }

    var standard: Int64
    var daylight: (offset: Int64, from: Change, to: Change)?

    static func == (left: YearlyRule, right: YearlyRule) -> Bool {
        left.standard == right.standard && left.daylight?.offset == right.daylight?.offset
            && left.daylight?.from == right.daylight?.from && left.daylight?.to == right.daylight?.to
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(standard)
        hasher.combine(daylight?.offset)
        hasher.combine(daylight?.from)
        hasher.combine(daylight?.to)
    }

    /// The span that holds a second since 1970.
    func span(at second: Int64) -> ZoneRules.Span {
        guard let daylight else { return ZoneRules.Span(start: .min, end: .max, offset: standard) }
        let year = CivilDate(daysSince1970: second.flooredQuotient(by: 86_400)).year
        var changes: [(at: Int64, offset: Int64)] = []
        for year in year - 1...year + 1 {
            changes.append((Self.second(daylight.from, year) - standard, daylight.offset))
            changes.append((Self.second(daylight.to, year) - daylight.offset, standard))
        }
        changes.sort { $0.at < $1.at }
        let next = changes.partitioningIndex { $0.at > second }
        // A year before and a year after are always known.
        guard next > 0, next < changes.count else {
            return ZoneRules.Span(start: .min, end: .max, offset: standard)
        }
        return ZoneRules.Span(start: changes[next - 1].at, end: changes[next].at, offset: changes[next - 1].offset)
    }

    /// The local second of a change, since 1970.
    private static func second(_ change: Change, _ year: Int) -> Int64 {
        let first = CivilDate(year: year, month: 1, day: 1)?.daysSince1970 ?? 0
        let day: Int64
        switch change.day {
        case .ordinal(let number): day = first + Int64(number)
        case .julian(let number):
            let isAfterLeapDay = number > 59 && CivilDate.days(in: 2, of: year) == 29
            day = first + Int64(number - 1) + (isAfterLeapDay ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let begin = CivilDate(year: year, month: month, day: 1)
            let lead = (weekday - (begin?.weekday ?? 0) + 7) % 7
            var number = lead + (week - 1) * 7
            if number >= CivilDate.days(in: month, of: year) { number -= 7 }
            day = (begin?.daysSince1970 ?? 0) + Int64(number)
        }
        return day * 86_400 + change.second
    }
}

extension YearlyRule {
    /// Reads a TZ string such as `CET-1CEST,M3.5.0,M10.5.0/3`; `nil` when it is none.
    init?(_ text: String) {
        var reader = Reader(rest: Substring(text).utf8)
        guard reader.skipName(), let west = reader.time() else { return nil }
        standard = -west
        daylight = nil
        guard !reader.rest.isEmpty else { return }
        guard reader.skipName() else { return nil }
        var offset = standard + 3600
        if reader.rest.first != UInt8(ascii: ",") {
            guard let west = reader.time() else { return nil }
            offset = -west
        }
        guard let from = reader.change(), let to = reader.change(), reader.rest.isEmpty else { return nil }
        daylight = (offset, from, to)
    }

    private struct Reader {
        var rest: Substring.UTF8View

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard let byte = rest.first, UInt32(byte) == character.value else { return false }
            rest.removeFirst()
            return true
        }

        /// A name of three letters or more, or any in angle brackets.
        mutating func skipName() -> Bool {
            if take("<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
                rest = rest[rest.index(after: end)...]
                return true
            }
            let name = rest.prefix { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
            rest = rest.dropFirst(name.count)
            return name.count >= 3
        }

        mutating func number(_ range: ClosedRange<Int>) -> Int? {
            var value: Int?
            while let byte = rest.first, (0x30...0x39).contains(byte), (value ?? 0) < 10_000 {
                value = (value ?? 0) * 10 + Int(byte) - 0x30
                rest.removeFirst()
            }
            return value.flatMap { range.contains($0) ? $0 : nil }
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func time() -> Int64? {
            let sign: Int64 = take("-") ? -1 : 1
            if sign == 1 { _ = take("+") }
            guard let hours = number(0...167) else { return nil }
            var seconds = Int64(hours) * 3600
            for unit in [60, 1] as [Int64] where take(":") {
                guard let part = number(0...59) else { return nil }
                seconds += Int64(part) * unit
            }
            return sign * seconds
        }

        mutating func change() -> Change? {
            guard take(",") else { return nil }
            let day: Day
            if take("J") {
                guard let number = number(1...365) else { return nil }
                day = .julian(number)
            } else if take("M") {
                guard let month = number(1...12), take("."), let week = number(1...5), take("."),
                    let weekday = number(0...6)
                else { return nil }
                day = .weekday(month: month, week: week, day: weekday)
            } else {
                guard let number = number(0...365) else { return nil }
                day = .ordinal(number)
            }
            guard take("/") else { return Change(day: day, second: 7200) }
            return time().map { Change(day: day, second: $0) }
        }
    }
}
