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

    private func offset(of name: String, at moment: CELTimestamp) throws(Failure) -> Int64 {
        guard let offset = program.environment.timeZones.offset(of: name, at: moment) else {
            throw Failure(
                .invalidValue("There is no time zone “\(name.prefix(40))”."),
                hint: "Write a name such as `Europe/Berlin`, or an offset such as `+02:00`."
            )
        }
        return Int64(offset)
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
