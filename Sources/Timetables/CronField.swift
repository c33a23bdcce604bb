/// The values that one field of a cron text allows.
struct CronField: Sendable, Hashable {
    /// Which part of a time a field is about.
    enum Part: String, Sendable {
        case second, minute, hour, day, month, weekday

        var range: ClosedRange<Int> {
            switch self {
            case .second, .minute: 0...59
            case .hour: 0...23
            case .day: 1...31
            case .month: 1...12
            // 7 is Sunday too.
            case .weekday: 0...7
            }
        }

        var names: [String] {
            switch self {
            case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
            case .weekday: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
            default: []
            }
        }

        /// The last value that is no other name of the first.
        var last: Int { self == .weekday ? 6 : range.upperBound }

        /// How many different values there are.
        var count: Int { self == .weekday ? 7 : range.count }
    }

    /// The allowed values, one bit each.
    private(set) var bits: UInt64 = 0
    /// Whether the last day of the month is allowed.
    private(set) var hasLastDay = false
    /// Days of the week within a month: the nth such day, or the last one at 0.
    private(set) var nth: [Nth] = []
    /// Whether the field is written as `*` or `?`.
    let isStar: Bool

    /// The nth such day of the week in a month; 0 is the last one.
    struct Nth: Sendable, Hashable {
        var weekday: Int
        var number: Int
    }

    /// Whether all values are allowed.
    var isComplete: Bool { bits.nonzeroBitCount == part.count }
    private let part: Part

    func allows(_ value: Int) -> Bool { bits & 1 << UInt64(value) != 0 }

    /// The smallest allowed value that is at least so large.
    func next(from value: Int) -> Int? {
        guard value < 64 else { return nil }
        let rest = bits >> UInt64(value)
        return rest == 0 ? nil : value + rest.trailingZeroBitCount
    }

    /// Reads a field in small letters.
    init(_ text: Substring, _ part: Part) throws(TimetableError) {
        self.part = part
        isStar = text == "*" || text == "?" && (part == .day || part == .weekday)
        guard !isStar else {
            allow(part.range, step: 1)
            return
        }
        for item in text.split(separator: ",", omittingEmptySubsequences: false) { try add(item) }
        if !nth.isEmpty, bits != 0 {
            throw TimetableError("The day of the week cannot mix # or L with plain days: \(text).")
        }
    }

    private mutating func add(_ item: Substring) throws(TimetableError) {
        if part == .day, item == "l" {
            hasLastDay = true
            return
        }
        if part == .weekday, let special = try special(item) {
            nth.append(special)
            return
        }
        let halves = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var step = 1
        if halves.count == 2 {
            guard let number = Self.number(halves[1]), number > 0 else { throw bad(item) }
            step = number
        }
        let bounds = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        switch bounds.count {
        case 1 where halves[0] == "*": allow(part.range.lowerBound...part.last, step: step)
        case 1:
            let low = try value(bounds[0], item)
            allow(low...(halves.count == 2 ? max(low, part.last) : low), step: step)
        case 2:
            let low = try value(bounds[0], item)
            let high = part == .day && bounds[1] == "l" ? 31 : try value(bounds[1], item)
            guard low != high else {
                throw TimetableError("The range \(item) has one value: write \(bounds[0]), or * for all.")
            }
            if low < high {
                allow(low...high, step: step)
            } else {
                // Such as Sat-Sun or Nov-Feb.
                guard step == 1 else { throw TimetableError("The range \(item) runs backwards and can have no step.") }
                allow(low...part.last, step: 1)
                allow(part.range.lowerBound...high, step: 1)
            }
        default: throw bad(item)
        }
    }

    /// `5#2`, the second Friday, or `l5`, the last one.
    private func special(_ item: Substring) throws(TimetableError) -> Nth? {
        if item.first == "l", item.count == 2, let day = Self.number(item.dropFirst()), day <= 7 {
            return Nth(weekday: day % 7, number: 0)
        }
        let parts = item.split(separator: "#", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        guard let number = Self.number(parts[1]), (1...5).contains(number) else { throw bad(item) }
        return Nth(weekday: try value(parts[0], item) % 7, number: number)
    }

    private func value(_ text: Substring, _ item: Substring) throws(TimetableError) -> Int {
        if let place = part.names.firstIndex(of: String(text)) { return place + part.range.lowerBound }
        guard let number = Self.number(text), part.range.contains(number) else { throw bad(item) }
        return number
    }

    private mutating func allow(_ range: ClosedRange<Int>, step: Int) {
        for value in stride(from: range.lowerBound, through: range.upperBound, by: step) {
            bits |= 1 << UInt64(part == .weekday ? value % 7 : value)
        }
    }

    private func bad(_ item: Substring) -> TimetableError {
        TimetableError(
            "The \(part.rawValue) \(item) is not possible: give values from \(part.range.lowerBound) to \(part.range.upperBound), lists, ranges and steps."
        )
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...2).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}
