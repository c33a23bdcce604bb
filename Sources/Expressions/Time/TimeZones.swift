private import FoundationEssentials
private import Synchronization

/// The rules of time zones by name, read from the system's time zone files when they are first asked for.
///
/// At most ``capacity`` names are remembered, known or not; when it is full, everything is forgotten.
public final class TimeZones: Sendable {
    /// The most names that are remembered; the time zone database has about 600.
    public static let capacity = 1000

    private let folder: String
    private let known = Mutex<[String: TimeZoneRules?]>([:])

    /// The time zones of a folder of compiled rules (RFC 9636).
    public init(folder: String = "/usr/share/zoneinfo") {
        self.folder = folder
    }

    /// The rules of a zone such as `Europe/Berlin`, or `nil` when there is none of that name.
    ///
    /// The first call for a name reads a file of a few kilobytes.
    public func zone(named name: String) -> TimeZoneRules? {
        if let found = known.withLock({ $0[name] }) { return found }
        let rules = read(name)
        known.withLock { zones in
            if zones.count >= Self.capacity { zones.removeAll() }
            zones[name] = .some(rules)
        }
        return rules
    }

    /// The seconds east of Greenwich at a moment, for `±hh:mm` or the name of a zone; `nil` when there is none.
    public func offset(of name: String, at moment: CELTimestamp) -> Int? {
        if name.isEmpty || name == "UTC" { return 0 }
        if let minutes = Self.fixedOffset(name) { return minutes * 60 }
        return zone(named: name)?.offset(at: moment.seconds)
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

    private func read(_ name: String) -> TimeZoneRules? {
        guard Self.isSafe(name), let data = FileManager.default.contents(atPath: "\(folder)/\(name)"),
            data.count <= 1 << 20
        else { return nil }
        return TimeZoneRules([UInt8](data))
    }

    /// Whether the name cannot lead out of the folder.
    private static func isSafe(_ name: String) -> Bool {
        guard name.utf8.count <= 64 else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.utf8.first, Words.isLetter(first) else { return false }
            return part.utf8.allSatisfy { Words.isLetter($0) || Words.isDigit($0) || "+-".utf8.contains($0) }
        }
    }
}
