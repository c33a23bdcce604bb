public import Assets
public import Catalog
public import Engine
public import EventLoop
public import HTTPServer
import HTTPValues
public import Runtime
public import Storage
public import Values

import Synchronization

/// The REST API: translates HTTP to the runtime and the storage and back, with no rules of its own.
public final class APIServer: Sendable {
    /// What an operator may set.
    public struct Configuration: Sendable {
        /// The address under which clients reach the server, without a slash at the end; `nil` takes it from requests.
        public var publicURL: String?
        /// The version of the server.
        public var version: String
        /// The largest upload in bytes.
        public var maximumUploadBytes: Int64 = 2 << 30
        /// How long uploads are kept without anything that refers to them; `nil` is for ever.
        public var keepMedia: Duration?
        /// The price of a credit.
        public var credit = Money(nano: 10_000_000)
        /// The proxies that are believed about the clients they speak for.
        public var trustedProxies = TrustedProxies()
        /// Fetches what an address holds, over https only and at most so many bytes, for an account; `nil` where nothing is
        /// fetched.
        public var fetch:
            (
                @Sendable (_ address: String, AccountID, _ limit: Int64, _ deadline: Instant, Loop) async -> Result<
                    MediaReference, NodeError
                >
            )?
        /// Who may read the numbers for Prometheus.
        public var prometheus = PrometheusAccess.loopback
        /// Whether the API is served; a worker serves only what stands at the root, such as `/readyz`.
        public var servesAPI = true
        /// The plans of accounts.
        public var plans = PlanBook()
        /// How many calls without a valid key one address may make in a minute.
        public var failedAuthenticationsPerMinute = 30
        /// The pages elsewhere that browsers may let call the API, such as `https://app.example`.
        public var origins: Set<String> = []

        /// The defaults.
        public init(publicURL: String? = nil, version: String) {
            self.publicURL = publicURL
            self.version = version
        }
    }

    let database: Database
    let runs: RunService
    let plans: PlanCache
    private let live: LiveCatalog
    let assets: AssetStore
    let pool: BlockingPool
    let obstacle: @Sendable (Offer, AccountID) -> String?
    let configuration: Configuration
    let keys: KeyRing
    let sessions: SessionRing
    let passwords: PasswordDesk
    /// Opens the set-up page while nobody can sign in.
    public let setupToken: String
    let workflows: WorkflowCache
    let starter: RunStarter
    let limiter: RateLimiter
    /// The calls without a valid key, by address.
    let failures = Mutex(MinuteCounts<IPAddress>())
    /// The calls of webhooks, by webhook and address.
    let webhookCalls = Mutex(MinuteCounts<WebhookCaller>())
    let ended = EndedRuns()
    /// The secrets, variables and credentials of accounts.
    let names: AccountNames
    let seals: Seals
    let statusTokens: StatusTokens
    let cursors: CursorCoding
    let links: MediaLinks
    let approvalLinks: ApprovalLinks
    private let crossOrigins: CrossOrigins
    let callbackLinks: CallbackLinks
    /// The ready workflows.
    let templates = TemplateShelf()
    /// Who may use the pages of public apps how often.
    let visitors = VisitorRate()
    let appLinks: AppLinks
    /// What is counted about requests.
    let instruments = ServerInstruments()
    /// The requests under way that name themselves by a key.
    let turns = RequestTurns()
    /// How many calls of vendors came too late, too often or twice.
    let uselessCallbacks = Atomic<Int>(0)
    let clock: @Sendable () -> Instant
    let log: @Sendable (String) -> Void
    /// The description of the API, once somebody has asked for it.
    let openAPIDocument = Mutex<JSON?>(nil)
    private let router: Router<Route>

    /// The node types of now.
    var catalog: Catalog { live.current }
    /// Why manifests of the operator are not in force as they are now.
    var refusedManifests: [ManifestError] { live.refusals }

    /// A server over these parts.
    ///
    /// - Parameters:
    ///   - database: The durable store.
    ///   - runs: Owns the runs.
    ///   - plans: Compiles graphs.
    ///   - catalog: The node types of now.
    ///   - assets: The media.
    ///   - pool: Does what blocks.
    ///   - obstacle: What keeps an offer from being called, with what to do about it; `nil` when nothing does.
    ///     Called on the pool.
    ///   - names: The secrets, variables and credentials of accounts.
    ///   - secret: Signs links and cursors; the same over restarts.
    ///   - configuration: What the operator has set.
    ///   - clock: The time.
    ///   - log: Writes a line to the server's log.
    public init(
        database: Database,
        runs: RunService,
        plans: PlanCache,
        catalog: LiveCatalog,
        assets: AssetStore,
        pool: BlockingPool,
        obstacle: @escaping @Sendable (Offer, AccountID) -> String?,
        names: AccountNames,
        secret: [UInt8],
        configuration: Configuration,
        clock: @escaping @Sendable () -> Instant,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.database = database
        self.runs = runs
        self.plans = plans
        live = catalog
        self.assets = assets
        self.pool = pool
        self.obstacle = obstacle
        self.names = names
        self.configuration = configuration
        self.clock = clock
        self.log = log
        keys = KeyRing(database: database)
        sessions = SessionRing(database: database, secret: secret)
        passwords = PasswordDesk(pool: pool)
        setupToken = Self.setupToken(secret)
        workflows = WorkflowCache(database: database)
        let limiter = RateLimiter(
            database: database,
            plans: configuration.plans,
            share: { runs.share },
            log: log
        )
        self.limiter = limiter
        starter = RunStarter(
            database: database,
            runs: runs,
            limiter: limiter,
            plans: plans,
            workflows: workflows,
            assets: assets,
            pool: pool,
            credit: configuration.credit,
            names: names,
            log: log
        )
        seals = Seals(secret: secret)
        statusTokens = StatusTokens(key: secret)
        runs.startWorkflows { [starter] in await starter.start($0) }
        cursors = CursorCoding(key: secret)
        links = MediaLinks(key: secret)
        approvalLinks = ApprovalLinks(key: secret)
        crossOrigins = CrossOrigins(origins: configuration.origins)
        callbackLinks = CallbackLinks(key: secret)
        appLinks = AppLinks(key: secret)
        var router = Router<Route>()
        for route in Self.routes {
            router.add(route.method, route.isAtRoot ? route.path : "/api/v1" + route.path, route)
            for alias in route.aliases {
                router.add(route.method, alias.hasPrefix("//") ? String(alias.dropFirst()) : "/api/v1" + alias, route)
            }
        }
        self.router = router
        runs.onAccessChange { [keys, sessions] in
            keys.forget()
            sessions.forget()
        }
    }

    /// Answers a request.
    public func answer(_ request: HTTPRequest) async -> HTTPResponse {
        let began = ContinuousClock.now
        var route: Route?
        let id = requestID(request)
        let now = clock()
        let query = PercentCoding.items(request.query)
        var caller = Caller()
        var response: HTTPResponse
        do {
            guard let query else { throw APIError(.badRequest, "The query holds a broken escape, or too many items.") }
            response = try await answer(request, id, query, at: now, &caller, &route)
        } catch {
            let error = error as? APIError ?? internalError(error, id)
            response = error.response(
                requestID: id,
                asObject: request.query?.split(separator: "&").contains("errors=object") ?? false
            )
        }
        complete(&response, id, caller, at: now)
        crossOrigins.allow(request, &response)
        instruments.note(route, response.status, ContinuousClock.now - began)
        return response
    }

    /// Adds what every answer says (contract §3.2).
    private func complete(_ response: inout HTTPResponse, _ id: String, _ caller: Caller, at now: Instant) {
        response.headers["x-request-id"] = id
        if !response.headers.contains("cache-control") { response.headers.append("cache-control", "no-store") }
        guard !response.headers.contains("x-ratelimit-limit") else { return }
        response.headers.append(contentsOf: limiter.fields(caller.bucket, caller.account, at: now))
    }

    /// The answer to a request that the HTTP server refuses by itself.
    public func refusal(_ refusal: HTTPRefusal) -> HTTPResponse {
        let code: ErrorCode =
            switch refusal.status {
            case 408: .requestTimeout
            case 413: .bodyTooLarge
            case 414: .uriTooLong
            case 417: .expectationFailed
            case 431: .headersTooLarge
            case 500: .internalError
            case 501: .notImplemented
            case 503: .overloaded
            case 505: .versionNotSupported
            default: .badRequest
            }
        var random = SystemRandomNumberGenerator()
        let now = clock()
        let id = RequestID(at: now, random: &random).description
        var error = APIError(code, refusal.description)
        if case .bodyTooLarge(let limit) = refusal { error.details["maxBytes"] = .int(Int64(limit)) }
        var response = error.response(requestID: id, asObject: false)
        complete(&response, id, Caller(), at: now)
        return response
    }

    private func answer(
        _ request: HTTPRequest,
        _ id: String,
        _ query: [(name: String, value: String)],
        at now: Instant,
        _ caller: inout Caller,
        _ known: inout Route?
    ) async throws -> HTTPResponse {
        let route: Route
        let parameters: [String]
        switch router.match(request.method, request.path) {
        case .route(let found, let values): (route, parameters) = (found, values)
        case .otherMethods(let methods):
            if let preflight = crossOrigins.preflight(request, methods) { return preflight }
            var error = APIError(
                .methodNotAllowed,
                "\(request.method.rawValue) is not possible here. Possible: \(methods.map(\.rawValue).joined(separator: ", "))."
            )
            error.headers["allow"] = methods.map(\.rawValue).joined(separator: ", ")
            throw error
        case .none:
            throw APIError(
                .routeNotFound,
                "There is no \(request.method.rawValue) \(request.path). See /docs for all paths."
            )
        }
        known = route
        guard configuration.servesAPI || route.isAtRoot else {
            throw APIError(.routeNotFound, "This server works on runs only. Ask one with the role all or api.")
        }
        var principal: Principal?
        let visible = try route.visible(request, query, parameters, statusTokens, at: now)
        if let scopes = route.scopes, let bucket = route.bucket, visible == nil {
            let found = try await self.principal(of: request, at: now)
            try await limiter.charge(bucket, found.account, at: now)
            caller = Caller(bucket: bucket, account: found.account)
            try found.requireAll(scopes)
            principal = found
        }
        if !query.isEmpty { try route.operation?.check(query) }
        var exchange = Exchange(
            request: request,
            id: id,
            parameters: parameters,
            query: query,
            now: now,
            principal: principal,
            client: configuration.trustedProxies.client(of: request)
        )
        exchange.isSecure = configuration.trustedProxies.isSecure(request)
        exchange.action = route.operation?.id ?? route.path
        exchange.visible = visible
        if let limit = route.keyedBody, let named = request.headers["idempotency-key"] {
            return try await once(named, route, exchange, bodyAtMost: limit)
        }
        return try await perform(route, exchange)
    }

    /// Does what a request asks for, and records it.
    func perform(_ route: Route, _ exchange: Exchange) async throws -> HTTPResponse {
        let reply = try await route.handler(self, exchange)
        await record(reply, of: route, exchange)
        return response(reply, exchange)
    }

    func response(_ reply: Reply, _ exchange: Exchange) -> HTTPResponse {
        switch reply {
        case .raw(let response): return response
        case .empty(let headers):
            var headers = headers
            headers["cache-control"] = "no-store"
            return HTTPResponse(status: 204, headers: headers)
        case .json(let json, let status, let headers):
            var headers = headers
            headers["content-type"] = "application/json"
            if !headers.contains("cache-control") { headers["cache-control"] = "no-store" }
            return HTTPResponse(status: status, headers: headers, body: exchange.wrapped(json).bytes)
        }
    }

    private func requestID(_ request: HTTPRequest) -> String {
        if let sent = request.headers["x-request-id"], (8...64).contains(sent.utf8.count),
            sent.utf8.allSatisfy({ $0.isWordCharacter })
        {
            return sent
        }
        var random = SystemRandomNumberGenerator()
        return RequestID(at: clock(), random: &random).description
    }

    private func internalError(_ error: any Error, _ id: String) -> APIError {
        if let known = APIError(machine: error) { return known }
        log("request \(id) failed: \(error)")
        return APIError(
            .internalError,
            "The server failed at this request. Its log has more under the request id \(id)."
        )
    }
}

extension UInt8 {
    fileprivate var isWordCharacter: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
