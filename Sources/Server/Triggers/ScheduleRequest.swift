import Runtime
import Timetables
import Values

/// The body that makes or changes a schedule (contract §12).
struct ScheduleRequest {
    let workflow: WorkflowID?
    let name: String?
    let inputs: JSONObject?
    let isActive: Bool?
    let warnings: [JSON]
    private let fields: Fields

    static let known = [
        "workflowId", "name", "cron", "everyMs", "at", "timezone", "inputs", "overlap", "catchUp", "catchUpLimit",
        "jitterMs", "isActive",
    ]
    private static let timeFields = ["cron", "everyMs", "at"]

    /// - Throws: ``APIError`` naming the field that cannot be used.
    init(_ object: JSONObject, alsoKnown: [String] = []) throws(APIError) {
        fields = try Fields(object, known: Self.known + alsoKnown)
        if let text = try fields.string("workflowId") {
            guard let id = WorkflowID(text) else { throw .field("workflowId", "is no identifier of a workflow") }
            workflow = id
        } else {
            workflow = nil
        }
        name = try fields.string("name", atMost: 200)
        if name?.allSatisfy(\.isWhitespace) == true { throw .field("name", "must not be empty") }
        inputs = try fields.object("inputs")
        isActive = try fields.bool("isActive")
        warnings = fields.warnings
    }

    /// The plan that follows from a former one; `nil` when neither says any times.
    func plan(from former: SchedulePlan?, _ zones: TimeZones, at now: Instant) throws(APIError) -> SchedulePlan? {
        let named = Self.timeFields.filter { fields[$0] != nil }
        guard named.count < 2 else {
            throw .field(named[1], "cannot be set together with \(named[0]): a schedule has one kind of times")
        }
        let timezone = try fields.string("timezone", atMost: 64)
        let zone = try Self.rules(timezone ?? former?.timezone ?? "UTC", zones)
        var plan = former
        if let times = try times(zone, now) {
            if plan == nil { plan = SchedulePlan(times) } else { plan?.times = times }
        }
        guard var plan else { return nil }
        plan.timezone = timezone ?? plan.timezone
        plan.overlap = try word("overlap") ?? plan.overlap
        plan.catchUp = try word("catchUp") ?? plan.catchUp
        plan.catchUpLimit = try fields.integer("catchUpLimit", 1...100).map { Int($0) } ?? plan.catchUpLimit
        plan.jitter = try fields.integer("jitterMs", 0...3_600_000).map { .milliseconds($0) } ?? plan.jitter
        return plan
    }

    private func times(_ zone: ZoneRules, _ now: Instant) throws(APIError) -> SchedulePlan.Times? {
        if let text = try fields.string("cron", atMost: 200) {
            do throws(TimetableError) {
                _ = try CronExpression(text)
            } catch {
                throw APIError(.invalidField, error.description, ["field": "cron"])
            }
            return .cron(text)
        }
        if let span = try fields.integer("everyMs", 1000...31_622_400_000) {
            return .every(.milliseconds(span), from: now)
        }
        guard let text = try fields.string("at", atMost: 40) else { return nil }
        if let moment = Instant(text) { return .at(moment) }
        // Without an offset, by the clocks of the place.
        guard let local = Instant("\(text)Z") else { throw .field("at", "must be a time in ISO 8601") }
        return .at(Instant(microseconds: zone.second(ofLocal: local.seconds) * 1_000_000))
    }

    private func word<Word: RawRepresentable & CaseIterable>(_ name: String) throws(APIError) -> Word?
    where Word.RawValue == String {
        guard let text = try fields.string(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw .field(name, "must be one of: \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }

    /// The clocks of a place.
    static func rules(_ name: String, _ zones: TimeZones) throws(APIError) -> ZoneRules {
        do throws(UnknownTimeZone) {
            return try zones.rules(name)
        } catch {
            throw APIError(.invalidField, error.description, ["field": "timezone"])
        }
    }

    /// The moments of a plan.
    static func timetable(_ plan: SchedulePlan, _ zones: TimeZones) throws(APIError) -> Timetable {
        let zone = try rules(plan.timezone, zones)
        do throws(TimetableError) {
            return try plan.timetable(zone)
        } catch {
            throw APIError(.invalidField, error.description, ["field": "cron"])
        }
    }
}
