private import CEventLoop
private import Synchronization

/// A fixed number of loops over which work is spread.
public final class LoopGroup: Sendable {
    /// The loops; at least one.
    public let loops: [Loop]
    private let turn = Atomic<Int>(0)

    /// Makes the loops without starting them.
    ///
    /// - Parameters:
    ///   - count: At least 1; by default the number of cores this process may use.
    ///   - label: What the loops are called, with a number behind.
    /// - Throws: ``EventLoopError/system(call:code:)`` when descriptors run out.
    public init(count: Int? = nil, label: String = "millrace.loop") throws(EventLoopError) {
        let count = count ?? Int(eventloop_core_count())
        precondition(count >= 1, "A group has at least one loop.")
        var loops: [Loop] = []
        for number in 0..<count { loops.append(try Loop(label: "\(label)\(number)")) }
        self.loops = loops
    }

    /// The loops one after the other, round and round.
    public func next() -> Loop {
        let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return loops[Int(UInt(bitPattern: turn) % UInt(loops.count))]
    }

    /// Starts every loop.
    public func start() throws(EventLoopError) {
        for loop in loops { try loop.start() }
    }

    /// Stops every loop and returns when all have ended; call it last, from outside the loops.
    public func stop() async {
        for loop in loops { await loop.stop() }
    }
}
