import Foundation
import PostgreSQL
import Synchronization

/// A place of its own for one test in the PostgreSQL server that `Scripts/test` starts; it is removed with its owner.
public final class TestSchema: Sendable {
    /// The address of the server; `nil` when there is none, and tests that need it are skipped.
    public static var server: String? { ProcessInfo.processInfo.environment["MILLRACE_TEST_DATABASE"] }

    /// The address under which everything goes into this place.
    public let url: String
    private let name: String
    private let server: String

    /// Makes the place.
    public init() throws {
        guard let server = Self.server else { throw CocoaError(.featureUnsupported) }
        self.server = server
        name = "test_" + UUID().uuidString.lowercased().filter { $0 != "-" }
        url = Self.url(server, schema: name)
        try Self.execute(on: server, "CREATE SCHEMA \(name)")
    }

    deinit { try? Self.execute(on: server, "DROP SCHEMA \(name) CASCADE") }

    /// The address of the same place by way of another port, such as that of a proxy.
    public func url(port: UInt16) throws -> String {
        guard var parts = URLComponents(string: server) else { throw CocoaError(.featureUnsupported) }
        parts.port = Int(port)
        return Self.url(parts.string ?? server, schema: name)
    }

    /// The port of the server.
    public var port: UInt16 { UInt16(URLComponents(string: server)?.port ?? 5432) }

    /// Executes statements in this place.
    public func script(_ sql: String) throws {
        try Self.execute(on: url, sql)
    }

    /// Every row of every table of this place as text, as a dump has them; bytes are hexadecimal.
    public func dump() throws -> [String] {
        var connection = try PostgreSQL.Connection(url: url)
        var texts: [String] = []
        let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = '\(name)'"
        for case .text(let table) in try connection.rows(tables).compactMap(\.first) {
            for case .text(let row) in try connection.rows("SELECT t::text FROM \(table) AS t").compactMap(\.first) {
                texts.append(row)
            }
        }
        return texts
    }

    /// Ends the connections of a program to this place, as a failing server does.
    public func terminateConnections() throws {
        // The folder of this place is how its connections are known: all set it as they connect.
        try Self.execute(
            on: server,
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '\(name)'
            """
        )
    }

    private static func execute(on url: String, _ sql: String) throws {
        var connection = try PostgreSQL.Connection(url: url)
        try connection.script(sql)
    }

    private static func url(_ server: String, schema: String) -> String {
        "\(server)?options=-csearch_path%3D\(schema)&application_name=\(schema)"
    }
}
