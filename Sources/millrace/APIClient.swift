import EventLoop
import HTTPClient
import HTTPValues
import Values

/// A client of the REST API.
struct APIClient {
    let client: OutgoingClient
    let url: String
    let key: String

    /// The server said no.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Does something with a client of the server that `--url` and `--key` name, and with the loop it uses.
    static func use<Result>(
        _ arguments: Arguments,
        _ environment: [String: String],
        _ body: (APIClient, Loop) async throws -> Result
    ) async throws -> Result {
        let url = arguments["to"] ?? arguments["url"] ?? environment["MILLRACE_URL"] ?? "http://127.0.0.1:8787"
        let variable = arguments["key-env"] ?? "MILLRACE_API_KEY"
        guard let key = arguments["key"] ?? environment[variable] else {
            throw Arguments.UsageError(description: "Give an API key with --key or \(variable).")
        }
        let target = try HTTPURL(url)
        let loop = try Loop(label: "millrace.client")
        try loop.start()
        let pool = try BlockingPool(label: "millrace.files", threads: 1, capacity: 100)
        let client = try OutgoingClient(
            loop: loop,
            pool: pool,
            addressGuard: try AddressGuard(allowPrivate: [target.hostAndPort])
        )
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(APIClient(client: client, url: url, key: key), loop))
        } catch {
            result = .failure(error)
        }
        await client.close()
        await pool.stop()
        await loop.stop()
        return try result.get()
    }

    func get(_ path: String) async throws -> JSON { try await call(.get, path, nil) }

    func post(_ path: String, _ body: JSON) async throws -> JSON { try await call(.post, path, body) }

    func patch(_ path: String, _ body: JSON) async throws -> JSON { try await call(.patch, path, body) }

    func put(_ path: String, _ body: JSON) async throws -> JSON { try await call(.put, path, body) }

    func delete(_ path: String) async throws { _ = try await call(.delete, path, nil, type: nil) }

    func download(_ link: String, to path: String) async throws {
        var request = OutgoingRequest(url: try HTTPURL(link))
        request.maximumResponseBytes = 1 << 30
        let response = try await client.download(request, to: path)
        guard response.status == 200 else { throw Failure(description: "\(link): status \(response.status)") }
    }

    /// The body of an answer as it came.
    func bytes(_ path: String) async throws -> [UInt8] { try await call(.get, path, nil, type: nil) }

    /// Sends a file of a type.
    func post(_ path: String, _ bytes: [UInt8], type: String) async throws -> JSON {
        try JSON(parsing: try await call(.post, path, bytes, type: type))
    }

    private func call(_ method: HTTPMethod, _ path: String, _ body: JSON?) async throws -> JSON {
        try JSON(parsing: try await call(method, path, body?.bytes, type: "application/json"))
    }

    private func call(_ method: HTTPMethod, _ path: String, _ body: [UInt8]?, type: String?) async throws -> [UInt8] {
        var request = OutgoingRequest(method: method, url: try HTTPURL(url + path))
        request.headers = ["authorization": "Bearer \(key)"]
        if let body, let type {
            request.headers["content-type"] = type
            request.body = .bytes(body)
        }
        request.totalTime = .seconds(90)
        let response = try await client.send(request)
        guard response.status < 400 else {
            let reason = (try? JSON(parsing: response.body))?["error"]?.string
            throw Failure(description: "\(path): \(reason ?? "status \(response.status)")")
        }
        return response.body
    }
}
