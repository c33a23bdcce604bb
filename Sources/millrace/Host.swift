import Assets
import Catalog
import Crypto
import Engine
import EventLoop
import FileSystem
import FoundationEssentials
import HTTPClient
import Providers
import Runtime
import Storage
import Values
import Workflows

/// Builds the parts of a server and connects them; nothing in them reads the environment.
struct Host {
    let loops: LoopGroup
    let pool: BlockingPool
    let database: Database
    let catalog: Catalog
    let assets: AssetStore
    let tools: LocalTools
    let attempts: Attempts
    let plans: PlanCache
    let runs: RunService
    let secret: [UInt8]
    private let clients: [OutgoingClient]

    static let version = "0.1.0"

    /// The time of day.
    static let clock: @Sendable () -> Instant = {
        Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    /// Writes a line to the log, which is standard error.
    static let log: @Sendable (String) -> Void = { line in
        Console.error("\(clock().description) \(line)")
    }

    /// A host for the data in a folder, under what the operator has set.
    init(data: String, settings: Settings) async throws {
        loops = try LoopGroup()
        try loops.start()
        pool = try BlockingPool(label: "millrace.pool", threads: 8, capacity: 10_000)
        database = try Database.open(folder: data) { error in
            // What cannot be stored must not be acknowledged: a fresh start finds a consistent state.
            Self.log("The database does not take commits any more: \(error)")
            Console.exit(70)
        }
        catalog = try Self.catalog(folder: settings["catalog"] ?? "\(data)/catalog")
        assets = try AssetStore(folder: data, database: database, pool: pool)
        tools = try LocalTools(assets: assets, pool: pool, folder: "\(data)/scratch")
        secret = try await database.serverKey("links", makingIt: Self.randomBytes(32))
        let addressGuard = try AddressGuard(allowPrivate: settings.list("allow-private"))
        clients = try loops.loops.map { [pool] loop throws in
            try OutgoingClient(loop: loop, pool: pool, addressGuard: addressGuard)
        }
        plans = PlanCache(database: database, catalog: catalog)
        let vendors = Vendors(
            catalog: catalog,
            credentials: Credentials(environment: settings.environment),
            assets: assets,
            clients: clients,
            secret: secret,
            version: Self.version,
            now: Self.clock
        )
        attempts = Attempts(
            vendors: vendors,
            tools: tools,
            sandbox: Sandbox(assets: assets, tools: tools),
            fetch: MediaFetch(assets: assets, clients: clients, now: Self.clock),
            now: Self.clock
        )
        runs = RunService(
            database: database,
            loops: loops.loops,
            services: Services(
                quote: { [attempts] request, now in attempts.quote(request, now: now) },
                perform: { [attempts] call, milestone in await attempts.perform(call, milestone: milestone) },
                plan: { [plans] hash in try await plans.plan(hash) },
                now: Self.clock,
                places: ["local": max(2, loops.loops.count)],
                log: Self.log
            )
        )
    }

    /// Stops everything in the order in which nothing is needed by what still runs.
    func stop() async {
        await runs.stop()
        for client in clients { await client.close() }
        await database.close()
        await pool.stop()
        await loops.stop()
    }

    /// The built-in catalog with the documents of the operator's folder.
    static func catalog(folder: String) throws -> Catalog {
        var documents = BuiltInCatalog.documents
        for path in try files(in: folder) where path.hasSuffix(".json") {
            guard let bytes = try Folder.contents(of: path, atMost: 1 << 20) else {
                throw ManifestError(file: path, path: "", reason: "is longer than 1 MiB")
            }
            documents.append(Catalog.Document(file: path, bytes: bytes))
        }
        return try Catalog(documents)
    }

    private static func files(in folder: String) throws -> [String] {
        guard Folder.isFolder(folder) else { return [] }
        return try Folder.names(in: folder).flatMap { name in
            let path = "\(folder)/\(name)"
            return Folder.isFolder(path) ? try files(in: path) : [path]
        }
    }

    static func randomBytes(_ count: Int) -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<count).map { _ in random.next() }
    }
}
