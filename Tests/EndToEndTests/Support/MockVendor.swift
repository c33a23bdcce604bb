import Foundation
import FoundationNetworking
import Testing
import Values

/// The independent mock vendor: a Python program that shares no code with the server.
final class MockVendor {
    /// What its chat model says.
    static let sentence = "Quiet copper lanterns drift over the northern harbor"

    let url: String
    private let program: Program

    init() async throws {
        let python = ProcessInfo.processInfo.environment["MILLRACE_PYTHON"] ?? "python3"
        program = try Program(python, ["Tests/EndToEndTests/MockVendor/mock_vendor.py"])
        url = "http://127.0.0.1:\(try await program.port())"
    }

    var address: String { String(url.dropFirst(7)) }

    /// Every request so far.
    func requests() async throws -> [JSON] { try await ask("/log").array ?? [] }

    /// The bodies of the requests to a path that begins so.
    func bodies(_ path: String) async throws -> [JSON] {
        try await requests().filter { $0["path"]?.string?.hasPrefix(path) == true }.compactMap { $0["body"] }
    }

    /// How often each key was called.
    func counts() async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for member in try await ask("/counts").object ?? JSONObject() {
            counts[member.key] = member.value.integer.map { Int($0) }
        }
        return counts
    }

    private func ask(_ path: String) async throws -> JSON {
        let (data, _) = try await URLSession.shared.data(from: try #require(URL(string: url + path)))
        return try JSON(parsing: [UInt8](data))
    }
}
