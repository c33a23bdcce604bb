import EventLoop
import FileSystem
import Synchronization
public import Timetables

/// The clocks of places, read from the system's time zone database and remembered.
public final class TimeZones: Sendable {
    /// Where systems keep their time zone database.
    public static let folders = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"]
    /// The most clocks that are remembered; there are some 600.
    private static let capacity = 1000
    private static let longestFile = 64 << 10

    private let folders: [String]
    private let known = Mutex<[String: ZoneRules]>(["UTC": .utc])

    /// The clocks in these folders, the first one that has a name.
    public init(folders: [String] = TimeZones.folders) {
        self.folders = folders
    }

    /// The clocks of a place such as `Europe/Berlin`; reads a small file the first time.
    ///
    /// - Throws: ``UnknownTimeZone`` when there is none of that name.
    public func rules(_ name: String) throws(UnknownTimeZone) -> ZoneRules {
        if let rules = known.withLock({ $0[name] }) { return rules }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isName =
            (1...3).contains(parts.count) && name.utf8.count <= 64
            && parts.allSatisfy { part in
                part.utf8.first.map(Self.isLetter) == true
                    && part.utf8.allSatisfy { Self.isLetter($0) || Self.isSign($0) }
            }
        guard isName else { throw UnknownTimeZone(name: name, isDatabaseMissing: false) }
        for folder in folders {
            guard let bytes = try? Folder.contents(of: "\(folder)/\(name)", atMost: Self.longestFile),
                let rules = ZoneRules(file: bytes)
            else { continue }
            known.withLock { known in
                if known.count < Self.capacity { known[name] = rules }
            }
            return rules
        }
        throw UnknownTimeZone(name: name, isDatabaseMissing: !folders.contains(where: Folder.exists))
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isSign(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || byte == 0x2B || byte == 0x2D || byte == 0x5F
    }
}

/// There are no clocks of that name.
public struct UnknownTimeZone: Error, Sendable, CustomStringConvertible {
    /// The name.
    public let name: String
    /// Whether the system has no time zone database at all.
    public let isDatabaseMissing: Bool

    /// What happened, and what to do.
    public var description: String {
        isDatabaseMissing
            ? "This system has no time zone database: install the package tzdata, or use UTC."
            : "There is no time zone \(name.prefix(64)). Use an IANA name such as Europe/Berlin."
    }
}
