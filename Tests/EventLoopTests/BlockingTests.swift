import EventLoop
import Glibc
import Synchronization
import TestSockets
import Testing

/// An actor that blocks on its own thread.
private actor Writer {
    private let executor: BlockingExecutor
    private(set) var seen: [Int] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ executor: BlockingExecutor) {
        self.executor = executor
    }

    func add(_ number: Int) -> Bool {
        seen.append(number)
        return executor.isCurrent
    }
}

@Suite(.timeLimit(.minutes(1)))
struct BlockingExecutorTests {
    @Test
    func `runs its actor on its own thread and then ends`() async throws {
        let executor = try BlockingExecutor(label: "test.writer")
        try executor.start()
        let writer = Writer(executor)
        for number in 0..<100 { #expect(await writer.add(number)) }
        #expect(await writer.seen == Array(0..<100))
        await executor.stop()
    }

    @Test
    func `gives a task of a loop back to the loop`() async throws {
        let executor = try BlockingExecutor(label: "test.writer")
        try executor.start()
        let writer = Writer(executor)
        try await withLoops(1) { loops in
            let loop = loops[0]
            let strays = try await on(loop) {
                var strays = 0
                for number in 0..<200 where await !writer.add(number) || !loop.isCurrent { strays += 1 }
                return strays
            }
            #expect(strays == 0)
        }
        await executor.stop()
    }
}

@Suite(.timeLimit(.minutes(1)))
struct BlockingPoolTests {
    /// Holds up the work that waits for it.
    private final class Gate: Sendable {
        private let isOpen = Mutex(false)

        func open() {
            isOpen.withLock { $0 = true }
        }

        func wait() {
            while !isOpen.withLock({ $0 }) { usleep(500) }
        }
    }

    /// How many were inside at once, at most.
    private final class Peak: Sendable {
        private let count = Mutex((now: 0, most: 0))

        var most: Int { count.withLock { $0.most } }

        func enter() {
            count.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        }

        func leave() {
            count.withLock { $0.now -= 1 }
        }
    }

    private struct Failure: Error, Equatable {}

    @Test
    func `gives results and errors back`() async throws {
        let pool = try BlockingPool(label: "test.pool", threads: 2, capacity: 4)
        #expect(try await pool.run { 6 * 7 } == 42)
        await #expect(throws: Failure()) { try await pool.run { throw Failure() } }
        await pool.stop()
    }

    @Test
    func `does all the work with no more threads than allowed`() async throws {
        let pool = try BlockingPool(label: "test.pool", threads: 3, capacity: 1000)
        let running = Peak()
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<300 {
                group.addTask {
                    try await pool.run {
                        running.enter()
                        usleep(100)
                        running.leave()
                        return number
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 300 * 299 / 2)
        #expect(running.most <= 3)
        await pool.stop()
    }

    @Test
    func `refuses work beyond its capacity and work after its end`() async throws {
        let pool = try BlockingPool(label: "test.pool", threads: 1, capacity: 2)
        let gate = Gate()
        let began = Counter()
        let first = Task {
            try await pool.run {
                began.add(); gate.wait()
            }
        }
        try await eventually { began.value > 0 }
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    do {
                        try await pool.run { gate.wait() }
                        return true
                    } catch {
                        return error as? EventLoopError != .poolIsFull(label: "test.pool", capacity: 2)
                    }
                }
            }
            var outcomes: [Bool] = []
            for await outcome in group {
                outcomes.append(outcome)
                if outcomes.count == 3 { gate.open() }
            }
            return outcomes
        }
        #expect(outcomes == [false, false, false, true, true])
        try await first.value
        await pool.stop()
        await #expect(throws: EventLoopError.poolIsStopped(label: "test.pool")) { try await pool.run {} }
    }

    @Test
    func `does not begin work whose task was cancelled`() async throws {
        let pool = try BlockingPool(label: "test.pool", threads: 1, capacity: 2)
        let gate = Gate()
        let began = Counter()
        let first = Task {
            try await pool.run {
                began.add(); gate.wait()
            }
        }
        try await eventually { began.value > 0 }
        let second = Task { try await pool.run { began.add() } }
        second.cancel()
        gate.open()
        try await first.value
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(began.value == 1)
        await pool.stop()
    }
}
