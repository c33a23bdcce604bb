import Assets
import Catalog
import Engine
import EventLoop
import Foundation
import HTTPServer
import HTTPValues
import Runtime
import Server
import Storage
import Synchronization
import TestSupport
import Testing
import Values
import Vault

/// The API over a real database, called without a socket; vendors are never asked.
final class ServerBench: Sendable {
    static let key = "sk-full-0123456789abcdefghijklmnopqrstuv"
    /// A key whose runs are paid.
    static let liveKey = "sk-live-0123456789abcdefghijklmnopqrstuv"
    static let readOnlyKey = "sk-read-0123456789abcdefghijklmnopqrstuv"

    private let folder: TemporaryFolder
    private let group: LoopGroup
    let server: APIServer
    private let company: Task<Void, Never>?
    private let schema: TestSchema?
    /// The node types of now.
    let catalog: LiveCatalog
    /// The callbacks that were sent.
    let posts = Posts()
    private let complaints = Complaints()

    /// What a server says that should have nothing to say, until its test is over.
    private final class Complaints: Sendable {
        private let isOver = Atomic(false)

        func note(_ text: String) {
            if !isOver.load(ordering: .relaxed) { Issue.record("\(text)") }
        }

        func end() { isOver.store(true, ordering: .relaxed) }
    }

    deinit {
        complaints.end()
        company?.cancel()
    }

    /// A callback that was sent.
    struct Post: Sendable {
        let url: String
        let headers: HTTPFields
        let body: [UInt8]
    }

    /// Takes every second callback, and lets others wait for them.
    final class Posts: Sendable {
        private let sent = Mutex<[Post]>([])
        let (stream, continuation) = AsyncStream.makeStream(of: Post.self)

        var all: [Post] { sent.withLock { $0 } }

        func add(_ post: Post) -> Result<Int, NodeError> {
            let count = sent.withLock { sent in
                sent.append(post)
                return sent.count
            }
            continuation.yield(post)
            return .success(count % 2 == 0 ? 204 : 500)
        }
    }

    let database: Database
    let runs: RunService
    /// The time of the server.
    let clock: BenchClock
    static let account = AccountID(high: 1, low: 1)
    /// Reading the manifests takes longer than most tests.
    private static let builtIn = Result { try Catalog(BuiltInCatalog.documents) }

    /// A server on a database of that kind.
    convenience init(_ kind: DatabaseKind = .sqlite) async throws { try await self.init(kind, configure: { _ in }) }

    /// One more server on the database of another one, with its clock.
    convenience init(beside other: ServerBench) async throws {
        try await self.init(.postgreSQL, beside: other, configure: { _ in })
    }

    /// A server whose runs are served by others than nobody.
    convenience init(
        _ kind: DatabaseKind = .sqlite,
        services change: (inout Services) -> Void
    ) async throws {
        try await self.init(kind, configure: { _ in }, services: change)
    }

    /// A server as an operator has set it up.
    init(
        _ kind: DatabaseKind = .sqlite,
        beside other: ServerBench? = nil,
        noting statements: StatementLog? = nil,
        configure: (inout APIServer.Configuration) throws -> Void,
        services change: (inout Services) -> Void = { _ in }
    ) async throws {
        schema = kind == .postgreSQL ? try other?.schema ?? TestSchema() : nil
        let clock = other?.clock ?? BenchClock()
        self.clock = clock
        folder = try TemporaryFolder()
        group = try LoopGroup(count: 1)
        try group.start()
        database =
            if let schema {
                try Database.open(url: schema.url) { _ in }
            } else if let statements {
                try Database.open(folder: folder.path, on: statements.machine) { [complaints] in
                    complaints.note("\($0)")
                }
            } else {
                try Database.open(folder: folder.path) { [complaints] in complaints.note("\($0)") }
            }
        let database = self.database
        let catalog = LiveCatalog(try Self.builtIn.get())
        self.catalog = catalog
        let pool = try BlockingPool(label: "test", threads: 2, capacity: 100)
        let plans = PlanCache(database: database, catalog: catalog)
        let assets = try AssetStore(folder: folder.path, database: database, pool: pool)
        var services = Services(
            quote: { _, _, _ in .failure(NodeError("auth", "There are no vendors.")) },
            perform: { _, _ in .failed(NodeError("auth", "There are no vendors."), cost: .zero) },
            plan: { try await plans.plan($0) },
            now: { clock.now },
            log: { [complaints] in complaints.note($0) }
        )
        let vault = try await Vault.open(
            database,
            key: .file("\((other?.folder ?? folder).path)/master.key"),
            clock: { clock.now },
            log: { [complaints] in complaints.note($0) }
        )
        let names = AccountNames(
            database: database,
            vault: vault,
            environmentSecrets: [
                "FROM_OUTSIDE": AccountNames.EnvironmentSecret(value: "outside", hosts: ["a.example"])
            ],
            environmentCredentials: {
                [AccountNames.EnvironmentCredential(provider: "fal", fields: ["key"], baseURL: nil)]
            },
            mayReach: { $0.scheme == .https },
            check: { _, _ in
                AccountNames.Check(isReachable: true, isAuthorised: true, headroom: ["requestsLeft": 7], message: nil)
            }
        )
        let children = ChildWorkflows(database: database, plans: plans, assets: assets, names: names)
        services.child = { try await children.answer($0) }
        let sender = CallbackSender(
            database: database,
            links: MediaLinks(key: [UInt8](repeating: 7, count: 32)),
            names: names,
            publicURL: "https://millrace.example",
            credit: Money(nano: 10_000_000),
            clock: { clock.now },
            post: { [posts] url, headers, body in
                posts.add(Post(url: url.description, headers: headers, body: body))
            }
        )
        services.callback = { await sender.send($0, $1) }
        services.notify = { await sender.notify($0) }
        change(&services)
        let runs = RunService(database: database, loops: group.loops, services: services)
        try await runs.join()
        self.runs = runs
        var configuration = APIServer.Configuration(version: "test")
        try configure(&configuration)
        server = APIServer(
            database: database,
            runs: runs,
            plans: plans,
            catalog: catalog,
            assets: assets,
            pool: pool,
            obstacle: { _, _ in nil },
            names: names,
            secret: [UInt8](repeating: 7, count: 32),
            configuration: configuration,
            clock: { clock.now },
            log: { [complaints] in complaints.note($0) }
        )
        // A server beside others hears of their changes, and keeps its lease.
        let loop = group.loops[0]
        company = database.isShared ? Task(executorPreference: loop) { await runs.keepUp() } : nil
        guard other == nil else { return }
        let account = try await database.account(named: "default", makingIt: Self.account, at: clock.now)
        for (key, scopes) in [(Self.key, ["*"]), (Self.liveKey, ["*"]), (Self.readOnlyKey, ["workflows:read"])] {
            try await database.insert(
                NewAPIKey.row(key, account: account, name: "test", scopes: scopes, at: clock.now)
            )
        }
    }

    /// Stops to hear of the changes of others.
    func leave() async {
        complaints.end()
        company?.cancel()
        await company?.value
    }

    /// Where its SQLite database is.
    var databasePath: String { "\(folder.path)/millrace.db" }

    /// The files of its database as they are on the disk.
    func databaseBytes() -> [UInt8] {
        ["millrace.db", "millrace.db-wal"].flatMap { name in
            [UInt8]((try? Data(contentsOf: URL(filePath: "\(folder.path)/\(name)"))) ?? Data())
        }
    }

    /// An answer with its body as JSON.
    struct Answer {
        let status: Int
        let headers: HTTPFields
        let json: JSON
    }

    func send(
        _ method: HTTPMethod,
        _ target: String,
        _ body: [UInt8] = [],
        type: String? = "application/json",
        key: String = ServerBench.key
    ) async throws -> Answer {
        var headers: HTTPFields = ["authorization": "Bearer \(key)"]
        if let type { headers["content-type"] = type }
        let (status, fields, bytes) = try await raw(method, target, headers, body)
        return Answer(status: status, headers: fields, json: try JSON(parsing: bytes))
    }

    /// Sends JSON.
    func send(_ method: HTTPMethod, _ target: String, _ body: JSON, key: String = key) async throws -> Answer {
        try await send(method, target, body.bytes, key: key)
    }

    /// An answer as it came.
    func raw(
        _ method: HTTPMethod,
        _ target: String,
        _ headers: HTTPFields,
        _ body: [UInt8] = [],
        from peer: String = "127.0.0.1"
    ) async throws -> (status: Int, headers: HTTPFields, body: [UInt8]) {
        let request = HTTPRequest(
            method: method,
            target: target,
            headers: headers,
            body: body,
            peer: SocketAddress(ip: try #require(IPAddress(peer)), port: 0),
            loop: group.loops[0]
        )
        let response = await server.answer(request)
        guard case .bytes(let bytes) = response.body else { throw CancellationError() }
        SeenAnswers.note(method.rawValue, target, response.status, bytes)
        return (response.status, response.headers, bytes)
    }

    /// Everything in the data folder, but for the master key.
    func files() throws -> [(name: String, bytes: Data)] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).compactMap { name in
            guard name != "master.key" else { return nil }
            return FileManager.default.contents(atPath: "\(folder.path)/\(name)").map { (name, $0) }
        }
    }

    /// An answer whose body may be a file or a stream.
    func whole(
        _ method: HTTPMethod,
        _ target: String,
        _ headers: HTTPFields = [:],
        _ body: [UInt8] = []
    ) async -> HTTPResponse {
        await server.answer(
            HTTPRequest(method: method, target: target, headers: headers, body: body, loop: group.loops[0])
        )
    }

    /// A key of another account.
    func otherKey() async throws -> String {
        let key = "sk-live-other-0123456789abcdefghijklmnopq"
        let account = try await database.account(named: "other", makingIt: AccountID(high: 9, low: 9), at: clock.now)
        try await database.insert(NewAPIKey.row(key, account: account, name: "other", scopes: ["*"], at: clock.now))
        return key
    }

    /// A watch over the alerts, whose time is the one of the server and so much more.
    func alertWatch(later span: Duration = .zero) -> AlertWatch {
        AlertWatch(
            database: database,
            runs: runs,
            clock: { [clock] in clock.now + span },
            log: { Issue.record("\($0)") }
        )
    }

    /// Takes no new work, as when the server is stopping.
    func drain() { runs.drain() }

    // MARK: Workflows

    /// Stores a workflow and gives its identifier.
    func make(_ nodes: JSON, _ edges: JSON = [], name: String = "test") async throws -> String {
        let answer = try await send(
            .post,
            "/api/v1/workflows",
            ["name": .string(name), "nodes": nodes, "edges": edges]
        )
        return try #require(answer.json["id"]?.string, "\(answer.json.text)")
    }

    /// Starts a workflow and gives the answer.
    func start(_ workflow: String, _ body: JSON = [:]) async throws -> JSON {
        let answer = try await send(.post, "/api/v1/workflows/\(workflow)/execute", body)
        try #require(answer.status == 201, "\(answer.json.text)")
        return answer.json
    }

    /// The state of an execution when it has ended.
    func end(_ execution: JSON) async throws -> JSON {
        let id = try #require(execution["executionId"]?.string)
        for _ in 0..<12 {
            let poll = try await send(.get, "/api/v1/workflows/executions/\(id)/poll?wait=5").json
            if poll["status"]?.string != "RUNNING" { return poll }
        }
        let details = try await send(.get, "/api/v1/executions/\(id)").json
        Issue.record("It does not end: \(details.text)")
        throw CancellationError()
    }

    /// What the server answers to a request that it refuses by itself.
    func refusal(_ refusal: HTTPRefusal) -> HTTPResponse { server.refusal(refusal) }

    /// Whether a text stands readably in a file of the server.
    func folderHolds(_ text: String) throws -> Bool {
        let wanted = Data(text.utf8)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            guard let data = try? Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")) else { continue }
            if data.range(of: wanted) != nil { return true }
        }
        return false
    }

    /// Puts the account on a plan, and lets the server notice.
    func setPlan(_ plan: String) async throws {
        #expect(try await database.setPlan(plan, ofAccount: "default") == 1)
        clock.advance(by: .seconds(5))
    }
}
