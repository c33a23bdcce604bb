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

/// The API over a real database, called without a socket; vendors are never asked.
final class ServerBench: Sendable {
    static let key = "sk-test-0123456789abcdefghijklmnopqrstuv"
    static let readOnlyKey = "sk-read-0123456789abcdefghijklmnopqrstuv"

    private let folder: TemporaryFolder
    private let group: LoopGroup
    private let server: APIServer
    private let schema: TestSchema?
    /// The node types of now.
    let catalog: LiveCatalog
    /// The callbacks that were sent.
    let posts = Posts()

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

        func add(_ post: Post) -> Result<Int, NodeError> {
            let count = sent.withLock { sent in
                sent.append(post)
                return sent.count
            }
            continuation.yield(post)
            return .success(count % 2 == 0 ? 204 : 500)
        }
    }

    /// A server on a database of that kind.
    init(_ kind: DatabaseKind = .sqlite) async throws {
        schema = kind == .postgreSQL ? try TestSchema() : nil
        folder = try TemporaryFolder()
        group = try LoopGroup(count: 1)
        try group.start()
        let database =
            if let schema {
                try Database.open(url: schema.url) { _ in }
            } else {
                try Database.open(folder: folder.path) { Issue.record("\($0)") }
            }
        let catalog = LiveCatalog(try Catalog(BuiltInCatalog.documents))
        self.catalog = catalog
        let pool = try BlockingPool(label: "test", threads: 2, capacity: 100)
        let plans = PlanCache(database: database, catalog: catalog)
        let assets = try AssetStore(folder: folder.path, database: database, pool: pool)
        var services = Services(
            quote: { _, _, _ in .failure(NodeError("auth", "There are no vendors.")) },
            perform: { _, _ in .failed(NodeError("auth", "There are no vendors."), cost: .zero) },
            plan: { try await plans.plan($0) },
            now: { Self.now },
            log: { Issue.record("\($0)") }
        )
        let children = ChildWorkflows(database: database, plans: plans, assets: assets)
        services.child = { try await children.answer($0) }
        let sender = CallbackSender(
            database: database,
            links: MediaLinks(key: [UInt8](repeating: 7, count: 32)),
            publicURL: "https://millrace.example",
            credit: Money(nano: 10_000_000),
            clock: { Self.now },
            post: { [posts] url, headers, body in
                posts.add(Post(url: url.description, headers: headers, body: body))
            }
        )
        services.callback = { await sender.send($0, $1) }
        let runs = RunService(database: database, loops: group.loops, services: services)
        server = APIServer(
            database: database,
            runs: runs,
            plans: plans,
            catalog: catalog,
            assets: assets,
            pool: pool,
            obstacle: { _ in nil },
            secret: [UInt8](repeating: 7, count: 32),
            configuration: APIServer.Configuration(version: "test"),
            clock: { Self.now },
            log: { Issue.record("\($0)") }
        )
        let account = try await database.account(
            named: "test",
            makingIt: AccountID(high: 1, low: 1),
            at: Self.now
        )
        for (key, scopes) in [(Self.key, ["*"]), (Self.readOnlyKey, ["workflows:read"])] {
            try await database.insert(
                NewAPIKey.row(key, account: account, name: "test", scopes: scopes, at: Self.now)
            )
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
        _ body: [UInt8] = []
    ) async throws -> (status: Int, headers: HTTPFields, body: [UInt8]) {
        let request = HTTPRequest(method: method, target: target, headers: headers, body: body, loop: group.loops[0])
        let response = await server.answer(request)
        guard case .bytes(let bytes) = response.body else { throw CancellationError() }
        return (response.status, response.headers, bytes)
    }

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
        while true {
            let poll = try await send(.get, "/api/v1/workflows/executions/\(id)/poll?wait=5").json
            if poll["status"]?.string != "RUNNING" { return poll }
        }
    }

    private static var now: Instant { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
}
