import Runtime
import Catalog
import EventLoop
import FileSystem
import HTTPServer
import HTTPValues
import Providers
import Server
import Storage
import Values
import Vault

/// `millrace serve`: the server.
enum ServeCommand {
    static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        let settings = try Settings(try Arguments(words, options: Settings.names), environment: environment)
        let address = try listenAddress(settings["listen"] ?? "127.0.0.1:8787")
        let retention = try settings.retention()
        let signals = try ProcessSignals()
        let publicURL = try publicURL(settings)
        let role = try Role(settings)
        let host = try await Host(
            data: settings.data,
            settings: settings,
            publicURL: publicURL,
            database: settings.database,
            duty: try role.duty(settings)
        )
        var configuration = APIServer.Configuration(publicURL: publicURL, version: Host.version)
        configuration.servesAPI = role != .worker
        configuration.keepMedia = retention.media
        if let bytes = settings.number("maxUploadBytes") { configuration.maximumUploadBytes = Int64(bytes) }
        configuration.credit = settings.credit
        configuration.plans = try settings.plans()
        configuration.failedAuthenticationsPerMinute = try settings.failedAuthentications()
        configuration.origins = try settings.origins()
        configuration.trustedProxies = try settings.trustedProxies()
        configuration.fetch = host.fetch
        configuration.prometheus = try settings.prometheus
        let server = APIServer(
            database: host.database,
            runs: host.runs,
            plans: host.plans,
            catalog: host.catalog.live,
            assets: host.assets,
            pool: host.pool,
            obstacle: { host.attempts.obstacle(to: $0, for: Credentials.Caller(account: $1)) },
            names: host.names,
            secret: host.secret,
            configuration: configuration,
            clock: Host.clock,
            log: Host.log
        )
        try await ensureKeys(host, settings)
        if host.database.isShared { try await host.runs.join() }
        let listener = HTTPListener(
            loops: host.loops,
            pool: host.pool,
            refusal: { server.refusal($0) },
            handler: { await server.answer($0) }
        )
        let bound = try await listener.start(at: address)
        let database =
            settings.database == nil ? "" : ", database shared, role \(role.rawValue), \(host.database.worker)"
        Console.print("Millrace \(Host.version) listens on http://\(bound), data in \(settings.data)\(database)")
        for line in notes(host, settings) { Console.print(line) }
        if role != .worker, try await server.needsSetup() {
            let url = "\(publicURL ?? "http://\(bound)")/setup?token=\(server.setupToken)"
            Console.error("Nobody can sign in yet. Create the owner with this link, which works once: \(url)")
        }
        let recovery = Task {
            do {
                try await host.runs.recover()
            } catch {
                Host.log("The unfinished runs could not be taken up: \(error)")
            }
        }
        let company = Task { await host.runs.keepUp() }
        let vaultWatch = Task { [loop = host.loops.loops[0]] in
            await host.vault.watch { try await loop.sleep(for: $0) }
        }
        let vaultChanges = Task {
            for await _ in host.vault.changes { await host.runs.credentialsChanged() }
        }
        let watch = Task { await host.catalog.watch(on: host.loops.loops[0], pool: host.pool, log: Host.log) }
        let housekeeping = Housekeeping(
            database: host.database,
            assets: host.assets,
            retention: retention,
            clock: Host.clock,
            log: Host.log
        )
        let alerts = AlertWatch(database: host.database, runs: host.runs, clock: Host.clock, log: Host.log)
        let alerting = Task { await alerts.run(on: host.loops.loops[0]) }
        let sweeps = Task { await housekeeping.run(on: host.loops.loops[0]) }
        let funding = Task { await host.runs.keepFunding() }
        let signal = await signals.next()
        Host.log("Stopping (signal \(signal)): nothing new is taken, requests under way may finish.")
        host.runs.drain()
        recovery.cancel()
        company.cancel()
        vaultWatch.cancel()
        vaultChanges.cancel()
        watch.cancel()
        sweeps.cancel()
        funding.cancel()
        await sweeps.value
        await funding.value
        alerting.cancel()
        await sweeps.value
        await alerting.value
        await listener.stop(within: .seconds(10))
        await host.stop()
        return 0
    }

    /// What a server of a shared database does.
    private enum Role: String, CaseIterable {
        case all, api, worker

        init(_ settings: Settings) throws {
            let word = settings["role"] ?? "all"
            guard let role = Role(rawValue: word) else {
                throw Arguments.UsageError(description: "--role must be all, api or worker, not \(word).")
            }
            guard role == .all || settings.database != nil else {
                throw Arguments.UsageError(
                    description: "--role \(word) needs --database postgres://…: a data folder has one server only."
                )
            }
            self = role
        }

        func duty(_ settings: Settings) throws -> Duty {
            var duty = Duty()
            duty.worksOnRuns = self != .api
            duty.servesAPI = self != .worker
            duty.labels = settings.list("labels")
            duty.lease = try settings.lease()
            duty.version = Host.version
            return duty
        }
    }

    private static func listenAddress(_ text: String) throws -> SocketAddress {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw Arguments.UsageError(description: "--listen must be HOST:PORT, not \(text).")
        }
        var name = String(text[..<colon])
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if name == "localhost" { name = "127.0.0.1" }
        guard let ip = IPAddress(name) else {
            throw Arguments.UsageError(
                description: "--listen needs an address such as 127.0.0.1 or 0.0.0.0, not \(name)."
            )
        }
        return SocketAddress(ip: ip, port: port)
    }

    private static func publicURL(_ settings: Settings) throws -> String? {
        guard let text = settings["public-url"] else { return nil }
        do {
            _ = try HTTPURL(text)
        } catch {
            throw Arguments.UsageError(description: "--public-url: \(error.description)")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// Makes the bootstrap key, or a first key that is shown once.
    private static func ensureKeys(_ host: Host, _ settings: Settings) async throws {
        let now = Host.clock()
        var random = SystemRandomNumberGenerator()
        let account = try await host.database.account(
            named: "default",
            makingIt: AccountID(at: now, random: &random),
            at: now
        )
        if let key = settings["bootstrap-key"] {
            guard key.hasPrefix("sk-"), (32...128).contains(key.utf8.count),
                key.utf8.allSatisfy({
                    $0 == 0x2D || $0 == 0x5F || Unicode.Scalar($0).properties.isAlphabetic || (0x30...0x39).contains($0)
                })
            else {
                throw Arguments.UsageError(
                    description:
                        "--bootstrap-key must be sk- and 32 to 128 characters of A-Z, a-z, 0-9, _ and - in all."
                )
            }
            do {
                try await host.database.insert(
                    NewAPIKey.row(key, account: account, name: "bootstrap", scopes: ["*"], at: now)
                )
            } catch StorageError.conflict {}
            return
        }
        guard try await host.database.countAPIKeys() == 0 else { return }
        let key = NewAPIKey.make(for: account)
        try await host.database.insert(NewAPIKey.row(key, account: account, name: "first", scopes: ["*"], at: now))
        Console.print("The first API key, shown only now: \(key)")
    }

    /// What this server can and cannot do as it is set up.
    private static func notes(_ host: Host, _ settings: Settings) -> [String] {
        var notes: [String] = []
        let missing = Set(host.tools.availability.values.flatMap(\.missingPackages)).sorted()
        if !missing.isEmpty {
            notes.append(
                "Some local tools are not installed. All of them: sudo apt-get install \(missing.joined(separator: " "))"
            )
        }
        if settings["public-url"] == nil {
            notes.append("Without --public-url vendors are polled; callbacks to this server are off.")
        }
        return notes
    }
}
