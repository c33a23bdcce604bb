/// What goes wrong in a world, as shares of all cases.
package struct Faults: Sendable {
    /// How many servers work on the database.
    package var servers = 1
    /// A request is lost on its way to the vendor.
    package var lostRequests = 0.0
    /// The answer to a request is lost.
    package var lostAnswers = 0.0
    /// The vendor refuses with "too busy".
    package var refusals = 0.0
    /// The vendor says there were too many calls.
    package var rateLimits = 0.0
    /// A server is killed, at each step.
    package var crashes = 0.0
    /// A server is stopped for some seconds and then goes on, at each step.
    package var stops = 0.0
    /// The disk is full for some seconds, at each step.
    package var fullDisks = 0.0
    /// Somebody sets the wall clock, at each step.
    package var clockChanges = 0.0

    /// Somebody pauses a run, at each look at it.
    package var pauses = 0.0
    /// Somebody cancels a run, at each look at it.
    package var cancels = 0.0

    /// A world in which nothing goes wrong.
    package static var calm: Faults { Faults() }

    /// The faults of a world: each kind is there or not, so that rare meetings of few kinds come up too.
    package static func some(_ ground: Ground) -> Faults {
        func share(_ share: Double) -> Double { ground.chance(0.6) ? share : 0 }
        var faults = Faults()
        faults.servers = ground.chance(0.5) ? 3 : 1
        faults.lostRequests = share(0.04)
        faults.lostAnswers = share(0.05)
        faults.refusals = share(0.1)
        faults.rateLimits = share(0.1)
        faults.crashes = share(ground.chance(0.2) ? 0.01 : 0.002)
        faults.stops = share(0.001)
        faults.fullDisks = share(0.001)
        faults.clockChanges = share(0.0005)
        faults.pauses = share(0.05)
        faults.cancels = share(0.02)
        return faults
    }
}
