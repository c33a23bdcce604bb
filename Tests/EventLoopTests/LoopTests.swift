import EventLoop
import Synchronization
import TestSockets
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LoopTests {
    @Test
    func `runs tasks that prefer it on its thread`() async throws {
        try await withLoops(1) { loops in
            let loop = loops[0]
            #expect(!loop.isCurrent)
            let isCurrent = try await on(loop) {
                await Task.yield()
                return loop.isCurrent
            }
            #expect(isCurrent)
        }
    }

    @Test
    func `keeps ordinary and pinned actors of its tasks on its thread`() async throws {
        try await withLoops(1) { loops in
            let (loop, pinned, ordinary) = (loops[0], Pinned(loops[0]), Ordinary())
            let strays = try await on(loop) {
                var strays = 0
                for _ in 0..<1000 {
                    if await !pinned.call() { strays += 1 }
                    if !loop.isCurrent { strays += 1 }
                    if await !ordinary.call(expecting: loop) { strays += 1 }
                    if !loop.isCurrent { strays += 1 }
                }
                return strays
            }
            #expect(strays == 0)
        }
    }

    @Test
    func `lets tasks of the shared pool call its actors`() async throws {
        try await withLoops(1) { loops in
            let pinned = Pinned(loops[0])
            for _ in 0..<100 { #expect(await pinned.call()) }
        }
    }

    @Test
    func `lets code on it enter its actors without waiting`() async throws {
        try await withLoops(1) { loops in
            let (loop, pinned) = (loops[0], Pinned(loops[0]))
            let isCurrent = try await on(loop) { pinned.callSynchronously() }
            #expect(isCurrent)
        }
    }

    @Test
    func `runs child tasks of a group on itself`() async throws {
        try await withLoops(1) { loops in
            let loop = loops[0]
            let there = try await on(loop) {
                await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<50 { group.addTask { loop.isCurrent } }
                    return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
            }
            #expect(there == 50)
        }
    }

    @Test
    func `passes calls between the actors of many loops`() async throws {
        try await withLoops(4) { loops in
            let actors = loops.map { Pinned($0) }
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    let (first, second) = (actors[number % 4], actors[(number / 4) % 4])
                    group.addTask(executorPreference: loops[number % 3]) { await first.call(second, depth: 99) }
                }
            }
            var calls = 0
            for actor in actors {
                calls += await actor.calls
                #expect(await actor.strays == 0)
            }
            #expect(calls == 64 * 100)
        }
    }

    @Test
    func `returns from Task.sleep to its thread`() async throws {
        try await withLoops(1) { loops in
            let loop = loops[0]
            let isCurrent = try await on(loop) {
                try await Task.sleep(for: .milliseconds(1))
                return loop.isCurrent
            }
            #expect(isCurrent)
        }
    }

    @Test
    func `runs closures from other threads in order`() async throws {
        try await withLoops(1) { loops in
            let loop = loops[0]
            let seen = Mutex([Int]())
            await withCheckedContinuation { continuation in
                for number in 0..<500 { loop.execute { seen.withLock { $0.append(number) } } }
                loop.execute { continuation.resume() }
            }
            #expect(seen.withLock { $0 } == Array(0..<500))
        }
    }

    @Test
    func `refuses to start twice and stops without having been started`() async throws {
        let loop = try Loop(label: "test.once")
        await loop.stop()
        try loop.start()
        #expect(throws: EventLoopError.alreadyStarted(label: "test.once")) { try loop.start() }
        await loop.stop()
    }

    @Test
    func `runs what was queued before the start`() async throws {
        let loop = try Loop(label: "test.early")
        let task = Task(executorPreference: loop) { loop.isCurrent }
        try loop.start()
        #expect(await task.value)
        await loop.stop()
    }

    @Test
    func `finishes its jobs before it ends`() async throws {
        let loop = try Loop(label: "test.finish")
        let finished = Counter()
        try loop.start()
        for _ in 0..<100 {
            Task(executorPreference: loop) {
                for _ in 0..<20 { await Task.yield() }
                finished.add()
            }
        }
        await loop.stop()
        #expect(finished.value == 100)
    }

    @Test
    func `gives its group's loops in turn`() throws {
        let group = try LoopGroup(count: 3)
        let labels = (0..<6).map { _ in group.next().label }
        #expect(labels == (0..<6).map { "millrace.loop\($0 % 3)" })
    }

    @Test
    func `tells when a watched socket can be read and when its peer closes`() async throws {
        try await withLoops(1) { loops in
            let loop = loops[0]
            let (near, far) = try TestSocket.pair()
            let (events, sink) = AsyncStream.makeStream(of: Readiness.self)
            let watch = try await on(loop) {
                try loop.watch(near.descriptor, for: [.readable, .edgeTriggered]) { sink.yield($0) }
            }
            var iterator = events.makeAsyncIterator()
            try far.send("x")
            #expect(await iterator.next()?.contains(.readable) == true)
            far.close()
            #expect(await iterator.next()?.contains(.peerClosed) == true)
            try await on(loop) { loop.endWatch(watch) }
        }
    }
}
