private import Values

extension Evaluator {
    /// A part of a moment in a time zone, or of a span of time.
    mutating func timePart(_ function: BuiltIn, _ arguments: Arguments) throws(Failure) -> Int64 {
        switch arguments.first {
        case .timestamp(let moment):
            var offset: Int64 = 0
            if arguments.count > 1 {
                guard case .string(let name) = arguments.second else { throw mismatch(function, arguments) }
                try meter.charge(32)
                offset = try self.offset(of: name, at: moment)
            }
            return Self.part(function, of: moment, offset: offset)
        case .duration(let span) where arguments.count == 1:
            guard let part = Self.part(function, of: span) else { throw mismatch(function, arguments) }
            return part
        default: throw mismatch(function, arguments)
        }
    }

    /// Seconds east of Greenwich for `±hh:mm` or the name of a time zone.
    private func offset(of name: String, at moment: CELTimestamp) throws(Failure) -> Int64 {
        if name.isEmpty || name == "UTC" { return 0 }
        if let minutes = Self.fixedOffset(name) { return Int64(minutes) * 60 }
        guard let zone = program.environment.timeZones.zone(named: name) else {
            throw Failure(
                .invalidValue("There is no time zone “\(name.prefix(40))”."),
                hint: "Write a name such as `Europe/Berlin`, or an offset such as `+02:00`."
            )
        }
        return Int64(zone.offset(at: moment.seconds))
    }

    /// The minutes of `+02:00`, `-5:30` or `02:00`.
    private static func fixedOffset(_ text: String) -> Int? {
        var rest = Substring(text)
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].utf8.count), parts[1].utf8.count == 2,
            let hours = UInt8(parts[0]), let minutes = UInt8(parts[1]), hours < 24, minutes < 60
        else { return nil }
        let sum = Int(hours) * 60 + Int(minutes)
        return isNegative ? -sum : sum
    }

    private static func part(_ function: BuiltIn, of moment: CELTimestamp, offset: Int64) -> Int64 {
        let seconds = moment.seconds + offset
        let days = seconds.flooredQuotient(by: 86_400)
        let second = seconds - days * 86_400
        let date = CivilDate(daysSince1970: days)
        return switch function {
        case .getDate: Int64(date.day)
        case .getDayOfMonth: Int64(date.day) - 1
        case .getDayOfWeek: Int64(date.weekday)
        case .getDayOfYear: Int64(date.dayOfYear) - 1
        case .getFullYear: Int64(date.year)
        case .getMonth: Int64(date.month) - 1
        case .getHours: second / 3600
        case .getMinutes: second / 60 % 60
        case .getSeconds: second % 60
        default: Int64(moment.nanoseconds) / 1_000_000
        }
    }

    private static func part(_ function: BuiltIn, of span: CELDuration) -> Int64? {
        switch function {
        case .getHours: span.nanoseconds / 3_600_000_000_000
        case .getMinutes: span.nanoseconds / 60_000_000_000
        case .getSeconds: span.nanoseconds / 1_000_000_000
        case .getMilliseconds: span.nanoseconds / 1_000_000 % 1000
        default: nil
        }
    }
}
