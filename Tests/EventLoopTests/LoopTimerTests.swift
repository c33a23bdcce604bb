import EventLoop
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LoopTimerTests {
    @Test
    func `fires timers in the order of their deadlines`() async throws {
        try await withLoops(1) { loops in
            let loop = loops[0]
            let fired = Mutex([Int]())
            await withCheckedContinuation { continuation in
                for delay in [120, 20, 80, 1, 40, 60, 100] {
                    loop.schedule(after: .milliseconds(delay)) { fired.withLock { $0.append(delay) } }
                }
                loop.schedule(after: .milliseconds(160)) { continuation.resume() }
            }
            #expect(fired.withLock { $0 } == [1, 20, 40, 60, 80, 100, 120])
        }
    }

    @Test(arguments: [true, false])
    func `does not fire a cancelled timer`(onLoop: Bool) async throws {
        try await withLoops(1) { loops in
            let loop = loops[0]
            let fired = Mutex([Int]())
            let timers = (0..<100).map { number in
                loop.schedule(after: .milliseconds(1500 + number % 7)) { fired.withLock { $0.append(number) } }
            }
            let cancelOdd = { @Sendable in
                for number in stride(from: 1, to: 100, by: 2) { timers[number].cancel() }
            }
            if onLoop { try await on(loop) { cancelOdd() } } else { cancelOdd() }
            try await loop.sleep(for: .milliseconds(1600))
            #expect(fired.withLock { $0.sorted() } == Array(stride(from: 0, to: 100, by: 2)))
        }
    }

    @Test
    func `sleeps at least as long as asked`() async throws {
        try await withLoops(1) { loops in
            let started = ContinuousClock.now
            try await loops[0].sleep(for: .milliseconds(15))
            #expect(ContinuousClock.now - started >= .milliseconds(15))
        }
    }

    @Test(arguments: [true, false])
    func `wakes a sleeper whose task is cancelled`(onLoop: Bool) async throws {
        try await withLoops(1) { loops in
            let loop = loops[0]
            for _ in 0..<50 {
                let preference = onLoop ? loop : nil
                let task = Task(executorPreference: preference) { try await loop.sleep(for: .seconds(100)) }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
        }
    }

    @Test
    func `wakes sleepers with a cancellation when the loop ends`() async throws {
        let loop = try Loop(label: "test.sleep")
        try loop.start()
        let task = Task { try await loop.sleep(for: .seconds(100)) }
        let sleeping = Task(executorPreference: loop) { try await loop.sleep(for: .seconds(100)) }
        try await loop.sleep(for: .milliseconds(5))
        await loop.stop()
        await #expect(throws: CancellationError.self) { try await task.value }
        await #expect(throws: CancellationError.self) { try await sleeping.value }
    }
}
