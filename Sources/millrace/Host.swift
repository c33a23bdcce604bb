import Assets
import Catalog
import Crypto
import Engine
import EventLoop
import FileSystem
import FoundationEssentials
import HTTPClient
import HTTPValues
import Providers
import Runtime
import Server
import Storage
import Values
import Vault
import Workflows

/// Builds the parts of a server and connects them; nothing in them reads the environment.
struct Host {
    let loops: LoopGroup
    let pool: BlockingPool
    let database: Database
    let catalog: CatalogFolder
    let assets: AssetStore
    let tools: LocalTools
    let attempts: Attempts
    let plans: PlanCache
    let runs: RunService
    /// Fetches what an https address holds, for an account.
    let fetch: @Sendable (String, AccountID, Int64, Instant, Loop) async -> Result<MediaReference, NodeError>
    let secret: [UInt8]
    let vault: Vault
    let names: AccountNames
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
    ///
    /// Vendors are given links to media when there is a public address.
    ///
    /// - Parameters:
    ///   - data: The data folder.
    ///   - settings: What the operator has set.
    ///   - publicURL: The address under which others reach the server.
    ///   - address: A database that several servers share; `nil` keeps everything in the data folder.
    ///   - duty: What this server does with the runs of such a database.
    /// - Throws: What cannot be opened, read or made.
    init(
        data: String,
        settings: Settings,
        publicURL: String? = nil,
        database address: String? = nil,
        duty: Duty = Duty()
    ) async throws {
        loops = try LoopGroup()
        try loops.start()
        pool = try BlockingPool(label: "millrace.pool", threads: 8, capacity: 10_000)
        database = try Self.database(address, lease: duty.lease, folder: data)
        catalog = try CatalogFolder(settings["catalog"] ?? "\(data)/catalog", log: Self.log)
        assets = try AssetStore(folder: data, database: database, pool: pool, limits: try settings.assetLimits())
        tools = try LocalTools(assets: assets, pool: pool, folder: "\(data)/scratch")
        secret = try await database.serverKey("links", makingIt: Self.randomBytes(32))
        let addressGuard = try AddressGuard(allowPrivate: settings.list("allow-private"))
        clients = try loops.loops.map { [pool] loop throws in
            try OutgoingClient(loop: loop, pool: pool, addressGuard: addressGuard)
        }
        plans = PlanCache(database: database, catalog: catalog.live)
        vault = try await Vault.open(
            database,
            key: try settings.masterKey(),
            clock: Self.clock,
            log: Self.log
        )
        let credentials = Self.credentials(vault, settings)
        let vendors = Vendors(
            catalog: catalog.live,
            credentials: credentials,
            assets: assets,
            clients: clients,
            secret: secret,
            version: Self.version,
            link: Self.links(publicURL, key: secret),
            callbackLink: Self.callbackLinks(publicURL, key: secret),
            limits: try settings.vendorLimits(),
            now: Self.clock
        )
        names = AccountNames(
            database: database,
            vault: vault,
            environmentSecrets: try settings.environmentSecrets(),
            environmentCredentials: { [catalog] in Self.environment(credentials, catalog.live.current) },
            mayReach: { Self.mayReach($0, addressGuard) },
            check: { [vault] in await Self.check(vendors, vault, $0, $1) }
        )
        let media = MediaFetch(assets: assets, clients: clients, now: Self.clock)
        fetch = { address, account, limit, deadline, loop in
            do throws(NodeError) {
                return .success(
                    try await media.fetch(
                        address,
                        of: account,
                        atMost: Int(limit),
                        deadline: deadline,
                        on: loop,
                        mayGo: { $0.scheme == .https }
                    )
                )
            } catch {
                return .failure(error)
            }
        }
        attempts = Attempts(
            vendors: vendors,
            tools: tools,
            sandbox: Sandbox(assets: assets, tools: tools),
            fetch: media,
            requests: HTTPRequestTool(clients: clients, version: Self.version, now: Self.clock) {
                [names] account, name throws(NodeError) in
                try await names.secret(name, of: account).map {
                    HTTPRequestTool.Secret(value: $0.value, hosts: $0.hosts)
                }
            },
            now: Self.clock,
            places: max(2, loops.loops.count)
        )
        var services = Services(
            quote: { [attempts] request, now, passing in attempts.quote(request, now: now, passing: passing) },
            lane: { [attempts] type, grant in attempts.lane(type, grant) },
            perform: { [attempts] call, milestone in await attempts.perform(call, milestone: milestone) },
            plan: { [plans] hash in try await plans.plan(hash) },
            now: Self.clock,
            settle: { [attempts] call in try await attempts.settle(call) },
            read: { [attempts] message, call in await attempts.read(message, call) },
            log: Self.log
        )
        services.cache = CallCache(database: database)
        services.identity = { [attempts] request, grant in attempts.identity(request, grant) }
        services.crashMarker = CrashMarker(path: "\(data)/deciding")
        services.vaultChanged = { [vault] in await vault.catchUp() }
        let children = ChildWorkflows(database: database, plans: plans, assets: assets, names: names)
        services.child = { try await children.answer($0) }
        let sender = CallbackSender(
            database: database,
            links: MediaLinks(key: secret),
            names: names,
            publicURL: publicURL,
            credit: settings.credit,
            clock: Self.clock,
            post: Self.post(clients)
        )
        services.callback = { await sender.send($0, $1) }
        services.notify = { await sender.notify($0) }
        services.credit = settings.credit
        services.estimate = { [attempts] request, grant in attempts.estimate(request, grant) }
        runs = RunService(database: database, loops: loops.loops, services: services, duty: duty)
    }

    private static func database(_ address: String?, lease: Lease, folder: String) throws -> Database {
        if let address {
            try Folder.make(folder)
            return try Database.open(url: address, lease: lease, log: log)
        }
        return try Database.open(folder: folder) { error in
            // What cannot be stored must not be acknowledged: a fresh start finds a consistent state.
            log("The database does not take commits any more: \(error)")
            Console.exit(70)
        }
    }

    /// Posts messages to whoever wants to know about the end of a run.
    private static func post(_ clients: [OutgoingClient]) -> CallbackSender.Post {
        { url, headers, body in
            guard let client = clients.randomElement() else { return .success(503) }
            var request = OutgoingRequest(method: .post, url: url, headers: headers, body: .bytes(body))
            request.totalTime = .seconds(15)
            request.maximumResponseBytes = 64 << 10
            do {
                return .success(try await client.send(request).status)
            } catch {
                return .failure(NodeError(.network, "\(error)"))
            }
        }
    }

    /// The addresses of media for vendors, when they can reach this server.
    private static func links(_ publicURL: String?, key: [UInt8]) -> (@Sendable (MediaReference) -> String)? {
        guard let publicURL else { return nil }
        let links = MediaLinks(key: key)
        return { media in links.link(media, base: publicURL, at: clock()) }
    }

    /// The addresses under which vendors can call us, when they can reach this server.
    private static func callbackLinks(_ publicURL: String?, key: [UInt8]) -> (@Sendable (String) -> String)? {
        guard let publicURL else { return nil }
        let links = CallbackLinks(key: key)
        return { name in links.link(name, base: publicURL) }
    }

    /// Stops everything in the order in which nothing is needed by what still runs.
    func stop() async {
        await runs.stop()
        for client in clients { await client.close() }
        await database.close()
        await pool.stop()
        await loops.stop()
    }

    /// The built-in catalog with the documents of the operator's folder, all of which must be right.
    static func catalog(folder: String) throws -> Catalog {
        let (documents, unreadable) = CatalogFolder.documents(in: folder)
        if let error = unreadable.first { throw error }
        return try CatalogLoader().strict(documents)
    }

    static func randomBytes(_ count: Int) -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<count).map { _ in random.next() }
    }
}
