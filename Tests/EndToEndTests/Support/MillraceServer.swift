import Foundation
import FoundationNetworking
import TestSupport
import Testing
import Values

/// The built server on a free port, with its data in a temporary folder.
final class MillraceServer {
    static let key = "sk-e2e-0123456789abcdef0123456789abcdef"

    let folder: TemporaryFolder
    private(set) var url = ""
    private let environment: [String: String]
    private let arguments: [String]
    /// Whether it is told the address under which vendors reach it.
    private let isPublic: Bool
    private var program: Program?
    private var earlierLog = ""

    deinit { kill() }

    /// A server that is not yet started; the mock vendor stands for all vendors.
    init(
        vendor: MockVendor? = nil,
        environment: [String: String] = [:],
        arguments: [String] = [],
        catalog: String? = nil,
        isPublic: Bool = false
    ) throws {
        self.isPublic = isPublic
        folder = try TemporaryFolder()
        var variables = ["PATH": "/usr/bin:/bin", "HOME": folder.path]
        var flags = ["--bootstrap-key", Self.key]
        if let vendor {
            variables["OPENAI_BASE_URL"] = "\(vendor.url)/v1"
            variables["OPENAI_API_KEY"] = "canary-openai-key"
            variables["FAL_BASE_URL"] = vendor.url
            variables["FAL_KEY"] = "canary:fal-key"
            flags += ["--allow-private", vendor.address]
        }
        self.environment = variables.merging(environment) { $1 }
        self.arguments = flags + arguments
        if let catalog {
            try FileManager.default.createDirectory(atPath: "\(folder.path)/catalog", withIntermediateDirectories: true)
            try catalog.write(toFile: "\(folder.path)/catalog/test.json", atomically: true, encoding: .utf8)
        }
    }

    static var binary: String {
        let path = ProcessInfo.processInfo.environment["MILLRACE_BINARY"] ?? ".build/release/millrace"
        return URL(filePath: path).path
    }

    /// Starts the server and waits until it answers.
    func start() async throws {
        let isFirst = url.isEmpty
        let listen = isFirst ? "127.0.0.1:0" : String(url.dropFirst(7))
        let own = isPublic && !isFirst ? ["--public-url", url] : []
        let program = try Program(
            Self.binary,
            ["serve", "--listen", listen, "--data", folder.path] + own + arguments,
            environment: environment,
            in: folder.path
        )
        self.program = program
        let end = ContinuousClock.now + .seconds(20)
        while url.isEmpty {
            try #require(ContinuousClock.now < end, "The server did not start: \(program.errors)")
            try await Task.sleep(for: .milliseconds(5))
            let line = program.output.split(separator: "\n").first { $0.contains("listens on ") }
            let word = line?.split(separator: " ").first { $0.hasPrefix("http://") }
            url = word.map { String($0.prefix { $0 != "," }) } ?? ""
        }
        while (try? await get("/readyz"))?.status != 200 {
            try #require(ContinuousClock.now < end, "The server did not become ready: \(program.errors)")
            try await Task.sleep(for: .milliseconds(5))
        }
        // The address is known only now.
        if isPublic, isFirst {
            kill()
            try await start()
        }
    }

    /// Ends the server as a power cut would.
    func kill() {
        program?.end()
        earlierLog += program?.errors ?? ""
        program = nil
    }

    /// Stops the server from running, or lets it go on, without its knowing.
    func freeze(_ isFrozen: Bool) { program?.freeze(isFrozen) }

    /// What the system calls the server; 0 while none runs.
    var process: Int32 { program?.id ?? 0 }

    /// What the server has logged, over all its starts.
    var log: String { earlierLog + (program?.errors ?? "") }

    // MARK: Requests

    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let body: Data
        var json: JSON { (try? JSON(parsing: [UInt8](body))) ?? .null }
    }

    func get(_ path: String, key: String? = MillraceServer.key, headers: [String: String] = [:]) async throws -> Answer
    {
        try await send("GET", path, nil, key: key, headers: headers)
    }

    func post(
        _ path: String,
        _ body: JSON = [:],
        key: String? = MillraceServer.key,
        headers: [String: String] = [:],
        timeout: TimeInterval = 120
    ) async throws -> Answer {
        try await send("POST", path, Data(body.bytes), key: key, headers: headers, timeout: timeout)
    }

    func send(
        _ method: String,
        _ path: String,
        _ body: Data?,
        key: String? = MillraceServer.key,
        headers: [String: String] = [:],
        timeout: TimeInterval = 120
    ) async throws -> Answer {
        let address = path.hasPrefix("http") ? path : url + path
        return try await Self.send(method, address, body, key: key, headers: headers, timeout: timeout)
    }

    /// Sends a request to an address, of whatever server.
    static func send(
        _ method: String,
        _ address: String,
        _ body: Data?,
        key: String?,
        headers: [String: String] = [:],
        timeout: TimeInterval
    ) async throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: address)))
        request.httpMethod = method
        request.timeoutInterval = timeout
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        if body != nil { request.setValue("application/json", forHTTPHeaderField: "Content-Type") }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        request.httpBody = body
        let (data, response) = try await URLSession.shared.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        var fields: [String: String] = [:]
        for (name, value) in http.allHeaderFields { fields["\(name)".lowercased()] = "\(value)" }
        SeenAnswers.note(method, http.url?.path ?? "", http.statusCode, [UInt8](data))
        return Answer(status: http.statusCode, headers: fields, body: data)
    }

    // MARK: Workflows

    /// Stores a workflow and gives its identifier.
    func make(_ nodes: [JSON], _ edges: [JSON] = [], settings: JSON = [:]) async throws -> String {
        let answer = try await post(
            "/api/v1/workflows",
            ["name": "test", "nodes": .array(nodes), "edges": .array(edges), "settings": settings]
        )
        return try #require(answer.json["id"]?.string, "\(answer.json.text)")
    }

    /// Stores a built-in template as a workflow.
    func make(template: String) async throws -> String {
        let path = "Catalog/templates/\(template).json"
        var template = try #require(JSON(parsing: [UInt8](Data(contentsOf: URL(filePath: path)))).object)
        template["id"] = Optional.none
        let answer = try await post("/api/v1/workflows", .object(template))
        return try #require(answer.json["id"]?.string, "\(answer.json.text)")
    }

    /// Executes a workflow and gives the details of its end.
    func run(_ workflow: String, _ body: JSON = [:]) async throws -> JSON {
        var answer = try await post("/api/v1/workflows/\(workflow)/execute?wait=60", body).json
        let id = try #require(answer["executionId"]?.string, "\(answer.text)")
        while answer["status"]?.string == "RUNNING" {
            answer = try await get("/api/v1/workflows/executions/\(id)/poll?wait=30").json
        }
        return try await get("/api/v1/workflows/executions/\(id)").json
    }

    /// Waits for the end of an execution and gives its details.
    func end(of id: String) async throws -> JSON {
        while true {
            let poll = try await get("/api/v1/workflows/executions/\(id)/poll?wait=30").json
            if let status = poll["status"]?.string, status != "RUNNING" { break }
        }
        return try await get("/api/v1/workflows/executions/\(id)").json
    }

    /// The bytes behind a link in an answer, fetched without a key.
    func download(_ link: JSON?) async throws -> Data {
        let answer = try await get(try #require(link?.string), key: nil)
        #expect(answer.status == 200)
        return answer.body
    }
}

extension JSON {
    /// A node of that type and configuration.
    static func node(_ id: String, _ type: String, _ config: JSON = [:], data: JSONObject = [:]) -> JSON {
        var object: JSONObject = ["nodeType": .string(type), "config": config]
        for member in data { object[member.key] = member.value }
        return ["id": .string(id), "data": .object(object)]
    }

    /// An edge between two ports, such as `a.text` and `b.prompt`.
    static func edge(_ source: String, _ target: String, data: JSON = [:]) -> JSON {
        let from = source.split(separator: ".").map(String.init)
        let to = target.split(separator: ".").map(String.init)
        var object: JSONObject = [
            "id": .string("\(source)>\(target)"), "source": .string(from[0]), "target": .string(to[0]), "data": data,
        ]
        if from.count > 1 { object["sourceHandle"] = .string("out-\(from[1])") }
        if to.count > 1 { object["targetHandle"] = .string("in-\(to[1])") }
        return .object(object)
    }

    /// The row of a node in details, or its state in a poll.
    func row(_ node: String, in list: String = "nodes") -> JSON? {
        self[list]?.array?.first { $0["nodeId"]?.string == node }
    }
}
