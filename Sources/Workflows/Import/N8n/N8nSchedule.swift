import Values

/// The times of n8n's schedule triggers as schedules of ours, where they have an exact counterpart.
enum N8nSchedule {
    static func schedules(of node: N8nWorkflow.Node) -> [JSON] {
        let rules = node.parameters["rule"]?["interval"]?.array ?? []
        let old = node.parameters["triggerTimes"]?["item"]?.array ?? []
        return (rules.compactMap(schedule) + old.compactMap(oldSchedule)).map { times in
            (["name": .string(String(node.name.prefix(100)))] as JSON).merging(times)
        }
    }

    private static func schedule(_ rule: JSON) -> JSON? {
        func number(_ name: String, _ range: ClosedRange<Int64>, _ standard: Int64) -> Int64? {
            guard let value = rule[name] else { return standard }
            guard let whole = value.integer, range.contains(whole) else { return nil }
            return whole
        }
        guard let minute = number("triggerAtMinute", 0...59, 0), let hour = number("triggerAtHour", 0...23, 0) else {
            return nil
        }
        switch rule["field"]?.string ?? "days" {
        case "cronExpression": return rule["expression"]?.string.flatMap(cron)
        case "seconds": return number("secondsInterval", 1...59, 30).map { ["everyMs": .int($0 * 1000)] }
        case "minutes": return number("minutesInterval", 1...59, 5).map { ["everyMs": .int($0 * 60_000)] }
        case "hours": return number("hoursInterval", 1...1, 1).map { _ in ["cron": .string("\(minute) * * * *")] }
        case "days":
            return number("daysInterval", 1...1, 1).map { _ in ["cron": .string("\(minute) \(hour) * * *")] }
        case "weeks":
            let days = (rule["triggerAtDay"]?.array ?? [0]).map { $0.integer ?? -1 }
            guard number("weeksInterval", 1...1, 1) != nil, !days.isEmpty, days.allSatisfy({ (0...6).contains($0) })
            else { return nil }
            return ["cron": .string("\(minute) \(hour) * * \(days.map { "\($0)" }.joined(separator: ","))")]
        case "months":
            guard number("monthsInterval", 1...1, 1) != nil, let day = number("triggerAtDayOfMonth", 1...31, 1) else {
                return nil
            }
            return ["cron": .string("\(minute) \(hour) \(day) * *")]
        default: return nil
        }
    }

    private static func oldSchedule(_ rule: JSON) -> JSON? {
        switch rule["mode"]?.string ?? "everyDay" {
        case "custom": return rule["cronExpression"]?.string.flatMap(cron)
        case "everyMinute": return ["cron": "* * * * *"]
        case "everyDay":
            guard let hour = (rule["hour"] ?? 14).integer, let minute = (rule["minute"] ?? 0).integer,
                (0...23).contains(hour), (0...59).contains(minute)
            else { return nil }
            return ["cron": .string("\(minute) \(hour) * * *")]
        default: return nil
        }
    }

    /// A cron text of five or six fields; expressions of n8n are none.
    private static func cron(_ text: String) -> JSON? {
        let fields = text.split(separator: " ")
        guard (5...6).contains(fields.count), !text.hasPrefix("="), text.count <= 100 else { return nil }
        return ["cron": .string(text)]
    }
}
