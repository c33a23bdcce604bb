import HTTPValues
import Runtime
import Server
import Storage
import Testing
import Values

/// Dead letters of messages and planned starts: tried again, or refused with the reason.
@Suite(.timeLimit(.minutes(1)))
struct DeadLetterRouteTests {
    private static let nodes: JSON = [["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]]]

    private static func letter(_ bench: ServerBench, _ kind: DeadLetter.Kind, _ id: DeliveryID, _ payload: JSON)
        -> DeadLetter
    {
        DeadLetter(
            id: DeadLetterID(high: id.high, low: id.low),
            account: ServerBench.account,
            kind: kind,
            reason: "refused",
            error: ["code": "refused", "message": "no"],
            attempts: 9,
            payload: payload,
            createdAt: bench.clock.now
        )
    }

    /// Keeps a letter as the outbox does when it gives something up; the account must have a subscription.
    private static func bury(_ bench: ServerBench, _ letter: DeadLetter) async throws -> String {
        let id = DeliveryID(high: letter.id.high, low: letter.id.low)
        let far = bench.clock.now + .seconds(86_400)
        try await bench.database.enqueue(
            OutgoingEvent(
                id: OutgoingEventID(high: id.high, low: id.low),
                account: letter.account,
                type: "test",
                at: far,
                data: [:],
                callback: CallbackID(high: 1, low: 1)
            )
        )
        try await bench.database.bury(letter, removing: id)
        return "/api/v1/dead-letters/\(letter.id)"
    }

    private static func status(_ bench: ServerBench, _ path: String) async throws -> JSON? {
        let all = try await bench.send(.get, "/api/v1/dead-letters?limit=100").json["data"]?.array ?? []
        return all.first { path.hasSuffix($0["id"]?.string ?? "-") }
    }

    @Test(arguments: DatabaseKind.available)
    func `a message that nobody has taken is told again under its name, once`(kind: DatabaseKind) async throws {
        let bench = try await ServerBench(kind)
        let callback = try await bench.subscribe(["execution.completed"])
        _ = try await bench.end(try await bench.start(try await bench.make(Self.nodes)))
        let told = try #require(try await bench.told(callback.id).first)
        let before = bench.posts.all.count
        var letter = Self.letter(
            bench,
            .callback,
            DeliveryID(high: 7, low: 7),
            ["deliveryId": told["id"] ?? .null, "callbackId": .string(callback.id), "type": "execution.completed"]
        )
        letter.execution = told["executionId"]?.string.flatMap(ExecutionID.init)
        let path = try await Self.bury(bench, letter)
        let answer = try await bench.send(.post, "\(path)/retry", [:])
        #expect(answer.status == 202 && answer.json["repeated"] == false, "\(answer.json.text)")
        #expect(answer.json["executionId"] == .null && answer.json["status"] == "retried")
        #expect(answer.headers["location"] == "/api/v1/callbacks/\(callback.id)/deliveries")
        let again = try await bench.send(.post, "\(path)/retry", [:])
        #expect(again.status == 202 && again.json["repeated"] == true)
        #expect(try await bench.told(callback.id).map { $0["status"] } == ["delivered"])
        let posts = bench.posts.all
        #expect(posts.count == before + 2 && Set(posts.map { $0.headers["webhook-id"] }).count == 1)
        #expect(try await Self.status(bench, path)?["status"] == "retried")
    }

    @Test func `the end of a run is told again, and what is refused again is a letter again`() async throws {
        let bench = try await ServerBench()
        _ = try await bench.subscribe(["execution.failed"])
        let url: JSON = ["callbackUrl": "https://shop.example/done"]
        let run = try await bench.start(try await bench.make(Self.nodes), url)
        var posts = bench.posts.stream.makeAsyncIterator()
        let first = try #require(await posts.next())
        _ = await posts.next()
        while try await bench.database.nextDelivery(.notices) != nil { await Task.yield() }
        let id = try #require(first.headers["webhook-id"].flatMap(DeliveryID.init))
        var letter = Self.letter(bench, .callback, id, ["deliveryId": .string(id.description)])
        letter.execution = run["executionId"]?.string.flatMap(ExecutionID.init)
        let path = try await Self.bury(bench, letter)
        let answer = try await bench.send(.post, "\(path)/retry", [:])
        #expect(answer.status == 202, "\(answer.json.text)")
        #expect(try #require(await posts.next()).headers["webhook-id"] == first.headers["webhook-id"])
        _ = await posts.next()
        while try await bench.database.nextDelivery(.notices) != nil { await Task.yield() }
        #expect(try await Self.bury(bench, letter) == path)
        #expect(try await Self.status(bench, path)?["status"] == "open")
        #expect(try await bench.send(.post, "\(path)/retry", [:]).json["repeated"] == false)
        #expect(try #require(await posts.next()).headers["webhook-id"] == first.headers["webhook-id"])
    }

    @Test(arguments: DatabaseKind.available)
    func `a planned time that could not be started is started`(kind: DatabaseKind) async throws {
        // The server says that a time has no run.
        let bench = try await ServerBench(kind) { $0.log = { _ in } }
        let workflow = try await bench.make(Self.nodes)
        let flow = "/api/v1/workflows/\(workflow)"
        _ = try await bench.send(.patch, flow, ["isActive": false])
        let at = bench.clock.now + .seconds(60)
        let body: JSON = ["workflowId": .string(workflow), "name": "s", "at": .string(at.description)]
        let made = try await bench.send(.post, "/api/v1/schedules", body)
        #expect(made.status == 201, "\(made.json.text)")
        bench.clock.advance(by: .seconds(61))
        bench.runs.lookAtTriggers()
        var letters: [JSON] = []
        while letters.isEmpty {
            await Task.yield()
            letters = try await bench.send(.get, "/api/v1/dead-letters?kind=schedule").json["data"]?.array ?? []
        }
        let path = "/api/v1/dead-letters/\(letters[0]["id"]?.string ?? "")"
        // Still off: it is refused again, and open again.
        let first = try await bench.send(.post, "\(path)/retry", [:])
        #expect(first.status == 202, "\(first.json.text)")
        while try await Self.status(bench, path)?["status"] == "retried" { await Task.yield() }
        _ = try await bench.send(.patch, flow, ["isActive": true])
        let answer = try await bench.send(.post, "\(path)/retry", [:])
        #expect(answer.status == 202 && answer.json["executionId"] == first.json["executionId"])
        #expect(try await bench.send(.post, "\(path)/retry", [:]).json["repeated"] == true)
        var runs: [JSON] = []
        while runs.isEmpty {
            await Task.yield()
            runs = try await bench.send(.get, "\(flow)/executions").json["data"]?.array ?? []
        }
        #expect(runs.count == 1 && runs[0]["executionId"] == answer.json["executionId"])
        #expect(try await bench.end(answer.json)["status"] == "COMPLETED")
    }

    @Test func `what is gone or off is refused with the reason, and the letter stays open`() async throws {
        let bench = try await ServerBench()
        let callback = try await bench.subscribe(["execution.completed"])
        _ = try await bench.end(try await bench.start(try await bench.make(Self.nodes)))
        let told = try #require(try await bench.told(callback.id).first)
        let off = Self.letter(
            bench,
            .callback,
            DeliveryID(high: 7, low: 1),
            ["deliveryId": told["id"] ?? .null, "callbackId": .string(callback.id)]
        )
        let schedule = Self.letter(
            bench,
            .schedule,
            DeliveryID(high: 7, low: 2),
            ["scheduleId": "sch_01kz0000000000000000000000", "plannedAt": "2026-01-01T00:00:00.000Z"]
        )
        let run = Self.letter(bench, .callback, DeliveryID(high: 7, low: 3), ["deliveryId": "x"])
        var paths: [String] = []
        for letter in [off, schedule, run] { paths.append(try await Self.bury(bench, letter)) }
        _ = try await bench.send(.patch, "/api/v1/callbacks/\(callback.id)", ["isActive": false])
        for path in paths {
            let answer = try await bench.send(.post, "\(path)/retry", [:])
            #expect(answer.status == 409, "\(answer.json.text)")
            #expect(answer.json["code"] == "dead_letter_undeliverable")
            #expect(try await Self.status(bench, path)?["status"] == "open")
        }
        _ = try await bench.raw(.delete, paths[1], ["authorization": "Bearer \(ServerBench.key)"])
        let closed = try await bench.send(.post, "\(paths[1])/retry", [:])
        #expect(closed.status == 409 && closed.json["code"] == "dead_letter_closed")
    }
}
