import Catalog
import Engine
import EventLoop
import HTTPClient
import HTTPServer
import HTTPValues
import Providers
import TestSupport
import Testing
import Values

/// Calls to whom a workflow names.
@Suite(.timeLimit(.minutes(1)))
struct HTTPRequestToolTests {
    private static let canary = "canary+secret/0123456789"
    private static let account = AccountID(high: 1, low: 1)

    private func call(
        _ prepared: (String) -> Prepared,
        hosts: [String] = ["127.0.0.1"],
        isListed: Bool = true,
        isDoubtful: Bool = false,
        answer: @escaping @Sendable (FakeVendor.Request) -> HTTPResponse
    ) async throws -> (Result<RunInput.Outcome, NodeError>, [FakeVendor.Request]) {
        let loops = try LoopGroup(count: 1)
        try loops.start()
        let pool = try BlockingPool(label: "test.pool", threads: 1, capacity: 10)
        let vendor = try await FakeVendor(loops: loops, pool: pool) { answer($0) }
        let client = try OutgoingClient(
            loop: loops.loops[0],
            pool: pool,
            addressGuard: try AddressGuard(allowPrivate: isListed ? [vendor.address] : [])
        )
        let tool = HTTPRequestTool(clients: [client], version: "test", now: VendorBench.now) { _, name in
            name == "KEY" ? HTTPRequestTool.Secret(value: Self.canary, hosts: hosts) : nil
        }
        let result: Result<RunInput.Outcome, NodeError>
        do throws(NodeError) {
            result = .success(
                try await tool.call(
                    prepared("http://\(vendor.address)/orders"),
                    of: Self.account,
                    deadline: VendorBench.now() + .seconds(10),
                    on: loops.loops[0],
                    mayBegin: { true },
                    isDoubtful: isDoubtful
                )
            )
        } catch {
            result = .failure(error)
        }
        let requests = vendor.requests
        await client.close()
        await vendor.stop()
        await pool.stop()
        await loops.stop()
        return (result, requests)
    }

    private func secret(_ url: String, name: String = "KEY", method: String = "GET") -> Prepared {
        var prepared = Prepared(
            inputs: ["url": .text(url)],
            parameters: ["method": .string(method), "authentication": ["X-Api-Key": "***"]]
        )
        prepared.secrets = ["authentication": ["X-Api-Key": SecretText(prefix: "Key ", name: name)]]
        return prepared
    }

    @Test func `sends body, query and headers, and gives the answer`() async throws {
        let (result, requests) = try await call({ url in
            Prepared(
                inputs: [
                    "url": .text(url), "body": .json(["a": 1]), "query": .json(["q": "x y"]),
                    "headers": .json(["X-One": "1"]),
                ],
                parameters: ["method": "POST"]
            )
        }) { _ in .json(["ok": true], status: 201) }
        guard case .success(.succeeded(let outputs, _, _)) = result else { throw CancellationError() }
        #expect(outputs["body"] == .json(["ok": true]) && outputs["status"] == .json(201))
        #expect(requests.count == 1 && requests[0].method == "POST" && requests[0].target == "/orders?q=x%20y")
        #expect(requests[0].json == ["a": 1] && requests[0].headers["x-one"] == "1")
    }

    @Test(arguments: [200, 500])
    func `a secret reaches its host, and nothing that comes back holds it`(_ status: Int) async throws {
        let (result, requests) = try await call({ secret($0) }) { request in
            .json(["echo": .string(request.headers["x-api-key"] ?? "")], status: status)
        }
        #expect(requests.first?.headers["x-api-key"] == "Key \(Self.canary)")
        switch result {
        case .success(.succeeded(let outputs, _, _)):
            #expect(status == 200 && outputs["body"] == .json(["echo": "Key ***"]))
        case .failure(let error):
            #expect(status == 500 && error.message.contains("***") && !error.message.contains("canary"))
        default: throw CancellationError()
        }
    }

    @Test(arguments: [("KEY", ["other.example"], "secret_not_allowed"), ("GONE", ["127.0.0.1"], "unknown_secret")])
    func `a secret goes nowhere else`(_ name: String, _ hosts: [String], _ code: String) async throws {
        let (result, requests) = try await call({ secret($0, name: name) }, hosts: hosts) { _ in .json([:]) }
        guard case .failure(let error) = result else { throw CancellationError() }
        #expect(error.code == code && requests.isEmpty)
    }

    @Test func `private addresses are refused, and redirects are not followed`() async throws {
        let (refused, none) = try await call({ secret($0) }, isListed: false) { _ in .json([:]) }
        guard case .failure = refused else { throw CancellationError() }
        #expect(none.isEmpty)
        let (result, requests) = try await call({ secret($0) }) { _ in
            HTTPResponse(status: 302, headers: ["location": "http://127.0.0.1:9/"], body: [])
        }
        guard case .failure(let error) = result else { throw CancellationError() }
        #expect(error.httpStatus == 302 && requests.count == 1)
    }

    @Test func `what may have been sent by an earlier process is not sent again unless it only reads`() async throws {
        let (doubt, none) = try await call({ secret($0, method: "POST") }, isDoubtful: true) { _ in .json([:]) }
        guard case .failure(let error) = doubt else { throw CancellationError() }
        #expect(error.failure == .unknownOutcome && none.isEmpty)
        let (again, requests) = try await call({ secret($0) }, isDoubtful: true) { _ in .json([:]) }
        guard case .success = again else { throw CancellationError() }
        #expect(requests.count == 1)
    }
}
