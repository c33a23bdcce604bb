/// The part of a limit that one of several servers enforces; the parts of all add up to the limit.
public struct LimitShare: Sendable, Hashable {
    /// How many servers there are; at least 1.
    public let machines: Int
    /// How many of them come before this one.
    public let place: Int

    /// The share of that server; alone it has all.
    public init(machines: Int = 1, place: Int = 0) {
        self.machines = max(1, machines)
        self.place = min(max(0, place), self.machines - 1)
    }

    /// What this server lets through of a limit: at least one, so that nobody is shut out by a server.
    public func part(of limit: Int) -> Int {
        max(1, limit / machines + (place < limit % machines ? 1 : 0))
    }
}
