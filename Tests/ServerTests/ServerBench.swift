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

    init() async throws {
        folder = try TemporaryFolder()
        group = try LoopGroup(count: 1)
        try group.start()
        let database = try Database.open(folder: folder.path) { Issue.record("\($0)") }
        let catalog = LiveCatalog(try Catalog(BuiltInCatalog.documents))
        let pool = try BlockingPool(label: "test", threads: 2, capacity: 100)
        let plans = PlanCache(database: database, catalog: catalog)
        let runs = RunService(
            database: database,
            loops: group.loops,
            services: Services(
                quote: { _, _, _ in .failure(NodeError("auth", "There are no vendors.")) },
                perform: { _, _ in .failed(NodeError("auth", "There are no vendors."), cost: .zero) },
                plan: { try await plans.plan($0) },
                now: { Self.now },
                log: { Issue.record("\($0)") }
            )
        )
        server = APIServer(
            database: database,
            runs: runs,
            plans: plans,
            catalog: catalog,
            assets: try AssetStore(folder: folder.path, database: database, pool: pool),
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
        let request = HTTPRequest(method: method, target: target, headers: headers, body: body, loop: group.loops[0])
        let response = await server.answer(request)
        guard case .bytes(let bytes) = response.body else { throw CancellationError() }
        return Answer(status: response.status, headers: response.headers, json: try JSON(parsing: bytes))
    }

    private static var now: Instant { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
}
