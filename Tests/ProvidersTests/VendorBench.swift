import Assets
import Catalog
import Engine
import EventLoop
import Foundation
import HTTPClient
import HTTPServer
import HTTPValues
import Providers
import Storage
import Synchronization
import TestSupport
import Testing
import Values

/// Vendors on a fake server, with two manifests: a chat that answers at once, and a queue.
final class VendorBench: Sendable {
    let folder: TemporaryFolder
    let loops: LoopGroup
    let pool: BlockingPool
    let database: Database
    let assets: AssetStore
    let vendor: FakeVendor
    let vendors: Vendors
    let catalog: Catalog
    let client: OutgoingClient
    let milestones = MilestoneLog()

    final class MilestoneLog: Sendable {
        private let names = Mutex<[String]>([])
        func add(_ name: String) { names.withLock { $0.append(name) } }
        var all: [String] { names.withLock { $0 } }
    }

    init(
        documents: [Catalog.Document]? = nil,
        environment: [String: String] = [:],
        link: (@Sendable (MediaReference) -> String)? = nil,
        isReachable: Bool = false,
        freeBytes: (@Sendable (String) throws -> Int64)? = nil,
        answer: @escaping @Sendable (FakeVendor.Request, String) async -> HTTPResponse
    ) async throws {
        folder = try TemporaryFolder()
        loops = try LoopGroup(count: 1)
        try loops.start()
        pool = try BlockingPool(label: "test.pool", threads: 2, capacity: 100)
        database = try Database.open(folder: folder.path) { Issue.record("\($0)") }
        assets = try AssetStore(folder: folder.path, database: database, pool: pool, freeBytes: freeBytes)
        let own = Own()
        vendor = try await FakeVendor(loops: loops, pool: pool) { request in
            await answer(request, own.address.withLock { $0 })
        }
        let address = vendor.address
        own.address.withLock { $0 = address }
        client = try OutgoingClient(
            loop: loops.loops[0],
            pool: pool,
            addressGuard: try AddressGuard(allowPrivate: [vendor.address])
        )
        catalog = try Catalog(documents ?? [Catalog.Document(file: "test.json", bytes: Array(Self.manifests.utf8))])
        let variables = environment.mapValues { $0.replacing("{vendor}", with: "http://\(address)") }
        var callbackLink: (@Sendable (String) -> String)?
        if isReachable { callbackLink = { name in "https://us.example/\(name)" } }
        vendors = Vendors(
            catalog: LiveCatalog(catalog),
            credentials: Credentials(
                environment: [
                    "CHAT_KEY": "secret-key", "CHAT_BASE_URL": "http://\(vendor.address)/v1", "QUEUE_KEY": "id:key",
                    "QUEUE_BASE_URL": "http://\(vendor.address)", "OPENAI_API_KEY": "secret-key",
                    "OPENAI_BASE_URL": "http://\(vendor.address)/v1", "FAL_KEY": "id:key",
                    "FAL_BASE_URL": "http://\(vendor.address)",
                ].merging(variables) { $1 }
            ),
            assets: assets,
            clients: [client],
            secret: [1, 2, 3],
            version: "test",
            link: link,
            callbackLink: callbackLink,
            now: Self.now
        )
    }

    private final class Own: Sendable {
        let address = Mutex("")
    }

    static let now: @Sendable () -> Instant = { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }

    func perform(
        _ type: String,
        inputs: [String: Value] = ["prompt": .text("hello")],
        parameters: [String: JSON] = [:],
        keep: JSON = .null,
        stage: Attempt.State = .intended,
        within time: Duration = .seconds(20),
        offer: Int = 0,
        partial: (@Sendable (_ port: String, _ text: String) -> Void)? = nil,
        change: (inout Vendors.Call) -> Void = { _ in },
        kept: @escaping @Sendable (JSON) -> Void = { _ in }
    ) async throws -> RunInput.Outcome {
        let type = try #require(catalog.nodeTypes[type])
        let prepared = prepared(type, inputs, parameters)
        let grant = try vendors.quote(type.offers[offer], of: type, prepared, timeout: time, now: Self.now())
        let log = milestones
        var call = Vendors.Call(
            type: type,
            grant: grant,
            prepared: prepared,
            name: "exec/node/1",
            startedAt: Self.now(),
            keep: keep,
            stage: stage,
            loop: loops.loops[0]
        )
        call.partial = partial
        change(&call)
        return await Task(executorPreference: loops.loops[0]) { [vendors, call] in
            await vendors.perform(call) { milestone in
                switch milestone {
                case .submitted(let keep):
                    kept(keep)
                    log.add("submitted \(keep["jobId"]?.string ?? "")")
                case .ready: log.add("ready")
                case .asked: break
                case .cut: log.add("cut")
                }
            }
        }.value
    }

    /// An attempt that is only read about, or gone on with.
    func call(_ type: String) throws -> Vendors.Call {
        let type = try #require(catalog.nodeTypes[type])
        let prepared = prepared(type, ["prompt": .text("hello")], [:])
        return Vendors.Call(
            type: type,
            grant: try vendors.quote(type.offers[0], of: type, prepared, timeout: nil, now: Self.now()),
            prepared: prepared,
            name: "exec/node/1",
            startedAt: Self.now(),
            keep: .null,
            stage: .intended,
            loop: loops.loops[0]
        )
    }

    /// The most an attempt can cost.
    func upper(
        _ type: String,
        inputs: [String: Value],
        parameters: [String: JSON] = [:],
        offer: Int = 0
    ) throws -> Money {
        let type = try #require(catalog.nodeTypes[type])
        let prepared = prepared(type, inputs, parameters)
        return try vendors.quote(type.offers[offer], of: type, prepared, timeout: nil, now: Self.now()).upper
    }

    /// The settings with the defaults of those that are not set.
    private func prepared(_ type: NodeType, _ inputs: [String: Value], _ parameters: [String: JSON]) -> Prepared {
        var prepared = Prepared(inputs: inputs, parameters: parameters)
        for parameter in type.parameters where prepared.parameters[parameter.id] == nil {
            prepared.parameters[parameter.id] = parameter.defaultValue
        }
        return prepared
    }

    func stop() async {
        await vendor.stop()
        await client.close()
        await database.close()
        await pool.stop()
        await loops.stop()
    }

    /// A picture of one pixel.
    static let png =
        Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
        .map { [UInt8]($0) } ?? []

    static let manifests = """
        [{"kind": "provider", "id": "chat", "baseUrl": "https://chat.example/v1", "mode": "inline", "effect": "once",
          "secrets": {"key": {"env": ["CHAT_KEY"]}, "team": {"env": ["CHAT_TEAM"], "optional": true}},
          "auth": [{"header": "Authorization", "value": "Bearer ${secrets.key}"}, {"header": "X-Team", "value": "${secrets.?team}"}],
          "hosts": {"credentialed": ["chat.example"], "download": []},
          "retryAfter": ["headers[?'retry-after']"],
          "errors": [{"when": "body.?error.?code.orValue('') == 'quota'", "class": "payment", "accepted": "no", "charged": "no"},
                     {"when": "http.status == 429", "class": "rate_limited", "accepted": "no", "charged": "no"}],
          "errorText": ["body.?error.?message"], "requestId": "headers[?'x-request-id']"},
         {"kind": "node", "type": "llm:chat", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}, {"id": "image", "type": "IMAGE"}],
          "params": [{"id": "model", "type": "TEXT", "default": "small"}, {"id": "temperature", "type": "NUMBER"}, {"id": "max", "type": "NUMBER", "default": 100}],
          "outputs": [{"id": "text", "type": "TEXT"}],
          "offers": [{"id": "chat", "provider": "chat", "media": {"order": ["dataurl"]},
            "calls": {"submit": {"method": "POST", "url": "/chat/completions", "query": {"v": "2"},
              "body": {"json": {"model": "${params.model}", "temperature": "${params.?temperature}",
                "messages": [{"role": "user", "content": "${inputs.prompt}"}],
                "image": "${inputs.?image.optMap(i, handover(i))}"}},
              "keep": {"finish": "body.?choices[?0].?finish_reason", "usage": "body.?usage"}}},
            "failWhen": [{"when": "keep.?finish.orValue('') == 'content_filter'", "class": "content_policy", "charged": "yes"}],
            "output": {"text": {"text": "body.choices[0].message.content"}},
            "price": {"table": {"out": "2"}, "upper": "params.max * vars.price.out / 1000000.0",
              "actual": "keep.usage.completion_tokens * vars.price.out / 1000000.0"}}]},
         {"kind": "provider", "id": "queue", "baseUrl": "https://queue.example", "mode": "job", "effect": "once",
          "secrets": {"key": {"env": ["QUEUE_KEY"]}}, "auth": [{"header": "Authorization", "value": "Key ${secrets.key}"}],
          "hosts": {"credentialed": ["queue.example"], "download": ["*.media.example"]},
          "calls": {"submit": {"method": "POST", "url": "/${vars.endpoint}", "body": {"json": "${request}"}, "ok": [200, 202],
              "keep": {"jobId": "body.request_id", "statusUrl": "body.status_url", "resultUrl": "body.response_url", "cancelUrl": "body.cancel_url"}},
            "status": {"url": "${keep.statusUrl}", "ok": [200, 202], "phase": {"of": "body.status",
              "map": {"IN_QUEUE": "queued", "IN_PROGRESS": "running", "COMPLETED": "ready", "FAILED": "failed"}}},
            "result": {"url": "${keep.resultUrl}"}, "cancel": {"method": "PUT", "url": "${keep.cancelUrl}", "ok": [202]}},
          "poll": {"firstMs": 5, "everyMs": 10, "factor": 1, "maxMs": 10, "jitter": 0},
          "errors": [{"on": ["result"], "when": "http.status == 422", "class": "content_policy", "accepted": "yes", "charged": "no", "final": true}]},
         {"kind": "node", "type": "generate:flux", "inputs": [{"id": "prompt", "type": "TEXT", "required": true}],
          "params": [{"id": "image_size", "type": "TEXT", "default": "square"}], "outputs": [{"id": "images", "type": "IMAGE", "list": true}],
          "offers": [{"id": "queue", "provider": "queue", "vars": {"endpoint": "acme/flux"},
            "input": {"prompt": "${inputs.prompt}", "image_size": "${params.image_size}"},
            "output": {"images": {"list": "body.images", "as": "i", "item": {"url": "i.url"}}},
            "price": {"table": {"each": "0.05"}, "upper": "vars.price.each"}}]}]
        """
}
