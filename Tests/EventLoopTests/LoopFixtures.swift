import EventLoop
import Synchronization

/// Runs a test with loops of its own and stops them afterwards.
func withLoops<Result>(_ count: Int, _ body: ([Loop]) async throws -> Result) async throws -> Result {
    let group = try LoopGroup(count: count, label: "test.loop")
    try group.start()
    do {
        let result = try await body(group.loops)
        await group.stop()
        return result
    } catch {
        await group.stop()
        throw error
    }
}

/// Runs a closure in a task that prefers the loop.
func on<Result: Sendable>(
    _ loop: Loop,
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await Task(executorPreference: loop) { try await body() }.value
}

/// An actor pinned to a loop that notes whether it really runs there.
actor Pinned {
    let loop: Loop
    private(set) var calls = 0
    private(set) var strays = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(_ loop: Loop) {
        self.loop = loop
    }

    func call() -> Bool {
        calls += 1
        if !loop.isCurrent { strays += 1 }
        return loop.isCurrent
    }

    func call(_ next: Pinned, depth: Int) async {
        _ = call()
        if depth > 0 { await next.call(self, depth: depth - 1) }
        if !loop.isCurrent { strays += 1 }
    }

    nonisolated func callSynchronously() -> Bool {
        assumeIsolated { $0.call() }
    }
}

/// An ordinary actor; called from a task that prefers a loop it runs there.
actor Ordinary {
    private var calls = 0

    func call(expecting loop: Loop) -> Bool {
        calls += 1
        return loop.isCurrent
    }
}

/// A number that any thread may count up.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    func add() {
        count.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }
}
