import EventLoop
import Foundation
import HTTPClient
import HTTPServer
import HTTPValues
import Synchronization
import Values

/// The release binary on a free port with a fresh folder, and a mock vendor in this process.
final class ServerUnderTest: Sendable {
    static let key = "sk-benchmark-0123456789abcdef0123456789"
    let loops: LoopGroup
    let pool: BlockingPool
    let client: OutgoingClient
    let mock = MockVendor()
    let vendor: HTTPListener
    let vendorAddress: String
    let folder: String
    let url: String
    /// The PostgreSQL database it uses, an empty one; `nil` for SQLite.
    let database = ProcessInfo.processInfo.environment["MILLRACE_BENCH_DATABASE"]
    private let running = Mutex<Process?>(nil)

    init() async throws {
        loops = try LoopGroup(count: 1, label: "bench.loop")
        try loops.start()
        pool = try BlockingPool(label: "bench.pool", threads: 1, capacity: 100)
        folder = FileManager.default.temporaryDirectory.appending(path: "millrace-bench-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: "\(folder)/catalog", withIntermediateDirectories: true)
        vendor = HTTPListener(loops: loops, pool: pool) { [mock] request in await mock.answer(request) }
        let bound = try await vendor.start(at: SocketAddress(ip: .v4(0x7F00_0001), port: 0))
        vendorAddress = "127.0.0.1:\(bound.port)"
        let port = try await Self.freePort(loops, pool)
        url = "http://127.0.0.1:\(port)"
        client = try OutgoingClient(
            loop: loops.loops[0],
            pool: pool,
            addressGuard: try AddressGuard(allowPrivate: ["127.0.0.1:\(port)"])
        )
        try MockVendor.manifests.write(
            toFile: "\(folder)/catalog/bench.json",
            atomically: true,
            encoding: .utf8
        )
    }

    /// Starts the server and waits until it is ready.
    func start() async throws {
        let process = Process()
        process.executableURL = URL(
            filePath: ProcessInfo.processInfo.environment["MILLRACE_BINARY"] ?? ".build/release/millrace"
        )
        process.arguments = [
            "serve", "--listen", String(url.dropFirst(7)), "--data", folder, "--bootstrap-key", Self.key,
            "--allow-private",
            vendorAddress,
        ] + (database.map { ["--database", $0] } ?? [])
        process.environment = ProcessInfo.processInfo.environment.merging(MockVendor.environment(vendorAddress)) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        running.withLock { $0 = process }
        for _ in 0..<2000 {
            if let answer = try? await call(.get, "/readyz"), answer["status"]?.string == "ready" { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw CocoaError(.executableNotLoadable)
    }

    func stop() async { take()?.terminateAndWait() }

    /// Ends the server as a failing machine does.
    func kill() async {
        guard let process = take() else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    private func take() -> Process? {
        running.withLock { running in
            defer { running = nil }
            return running
        }
    }

    /// Measures a server, which is gone afterwards with all it has stored.
    static func with(_ measure: (ServerUnderTest) async throws -> Void) async throws {
        let server = try await ServerUnderTest()
        do {
            try await measure(server)
        } catch {
            await server.end()
            throw error
        }
        await server.end()
    }

    private func end() async {
        await stop()
        await vendor.stop(within: .zero)
        await client.close()
        await pool.stop()
        await loops.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    @discardableResult
    func call(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        var request = OutgoingRequest(method: method, url: try HTTPURL(url + path))
        request.headers = ["authorization": "Bearer \(Self.key)"]
        if let body {
            request.headers["content-type"] = "application/json"
            request.body = .bytes(body.bytes)
        }
        return try JSON(parsing: try await client.send(request).body)
    }

    /// Stores a chain of calls to the vendor, or calls side by side that are joined at the end.
    func makeWorkflow(
        calls: Int,
        inParallel: Bool = false,
        delay: Int = 0,
        type: String = "llm:benchmark",
        data: JSON = [:]
    ) async throws -> String {
        var nodes: [JSON] = [["id": "key", "data": ["nodeType": "input:text"]]]
        var edges: [JSON] = []
        for number in 0..<calls {
            let node: JSON = ["nodeType": .string(type), "config": delay > 0 ? ["delay": .int(Int64(delay))] : [:]]
            nodes.append(["id": .string("n\(number)"), "data": node.merging(data)])
            let source = inParallel || number == 0 ? "key" : "n\(number - 1)"
            edges.append([
                "id": .string("e\(number)"), "source": .string(source), "target": .string("n\(number)"),
                "targetHandle": "in-prompt",
            ])
        }
        if inParallel {
            nodes.append(["id": "all", "data": ["nodeType": "logic:merge"]])
            for number in 0..<calls {
                edges.append([
                    "id": .string("m\(number)"), "source": .string("n\(number)"), "target": "all",
                    "targetHandle": "in-inputs",
                ])
            }
        }
        return try await makeWorkflow(nodes, edges)
    }

    /// Stores a workflow.
    func makeWorkflow(_ nodes: [JSON], _ edges: [JSON]) async throws -> String {
        let made = try await call(
            .post,
            "/api/v1/workflows",
            ["name": "benchmark", "nodes": .array(nodes), "edges": .array(edges)]
        )
        guard let id = made["id"]?.string else { throw CocoaError(.coderInvalidValue, userInfo: ["answer": made.text]) }
        return id
    }

    /// Runs a workflow and waits for its end.
    func execute(_ workflow: String) async throws {
        let result = try await call(
            .post,
            "/api/v1/workflows/\(workflow)/execute?wait=60",
            ["inputs": ["key": "benchmark"]]
        )
        guard result["status"]?.string == "COMPLETED" else {
            throw CocoaError(.coderInvalidValue, userInfo: ["answer": result.text])
        }
    }

    /// Starts a run and does not wait for it.
    func begin(_ workflow: String) async throws {
        let answer = try await call(.post, "/api/v1/workflows/\(workflow)/execute", ["inputs": ["key": "benchmark"]])
        guard answer["executionId"] != nil else { throw BenchmarkError(answer.text) }
    }

    /// Waits until a workflow has no run that has not ended.
    func untilNoneIsOpen(_ workflow: String) async throws {
        while try await runs(of: workflow, "RUNNING") > 0 { try await Task.sleep(for: .milliseconds(50)) }
    }

    /// How many runs of a workflow have failed.
    func failures(_ workflow: String) async throws -> Int { try await runs(of: workflow, "FAILED") }

    private func runs(of workflow: String, _ status: String) async throws -> Int {
        var (count, cursor) = (0, "")
        repeat {
            let page = try await call(.get, "/api/v1/workflows/\(workflow)/executions?limit=100\(cursor)")
            for run in page["data"]?.array ?? [] where run["status"]?.string == status { count += 1 }
            if status == "RUNNING", count > 0 { return count }
            cursor = page["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        return count
    }

    /// The processor time of the server so far, in seconds.
    var processorTime: Double {
        guard let id = running.withLock({ $0?.processIdentifier }),
            let text = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
            let rest = text.split(separator: ")").last?.split(separator: " "), rest.count > 12
        else { return 0 }
        return (Double(rest[11]) ?? 0) / 100 + (Double(rest[12]) ?? 0) / 100
    }

    /// The proportional memory of the server in MB.
    var memory: Double { megabytes("Pss:", in: "smaps_rollup") }

    /// The most memory that the server has had resident, in MB.
    var peakMemory: Double { megabytes("VmHWM:", in: "status") }

    private func megabytes(_ field: String, in file: String) -> Double {
        guard let id = running.withLock({ $0?.processIdentifier }),
            let text = try? String(contentsOfFile: "/proc/\(id)/\(file)", encoding: .utf8)
        else { return 0 }
        let line = text.split(separator: "\n").first { $0.hasPrefix(field) }
        return (line.flatMap { Double($0.split { $0 == " " || $0 == "\t" }[1]) } ?? 0) / 1024
    }

    private static func freePort(_ loops: LoopGroup, _ pool: BlockingPool) async throws -> UInt16 {
        let probe = HTTPListener(loops: loops, pool: pool) { _ in HTTPResponse(status: 204) }
        let bound = try await probe.start(at: SocketAddress(ip: .v4(0x7F00_0001), port: 0))
        await probe.stop(within: .zero)
        return bound.port
    }
}

extension Process {
    fileprivate func terminateAndWait() {
        terminate()
        waitUntilExit()
    }
}
