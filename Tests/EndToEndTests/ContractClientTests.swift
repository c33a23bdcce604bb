import Foundation
import TestSupport
import Testing
import Values

/// The API as programs meet it that were made from its OpenAPI document alone.
@Suite(.timeLimit(.minutes(20)), .enabled(if: Python.path != nil, "Run Scripts/python first."))
struct ContractClientTests {
    private let server: MillraceServer

    init() async throws {
        server = try MillraceServer()
        // Whoever asks for every refusal fails to prove a right more often than a client may.
        try "maxUploadBytes: 1048576\nfailedAuthenticationsPerMinute: 1000000\n".write(
            toFile: "\(server.folder.path)/millrace.yaml",
            atomically: true,
            encoding: .utf8
        )
        try await server.start()
    }

    /// What a script of `Tests/Contract` prints about the server.
    private func script(_ name: String) throws -> String {
        let program = try Program(
            try #require(Python.path),
            [Python.root.appending(path: "Tests/Contract/\(name).py").path],
            environment: environment,
            in: Python.root.path
        )
        let status = program.wait()
        print(program.errors.suffix(2000), terminator: "")
        #expect(status == 0, "\(program.errors)")
        return program.output
    }

    private var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["MILLRACE_URL"] = server.url
        environment["MILLRACE_KEY"] = MillraceServer.key
        environment["MILLRACE_DATA"] = server.folder.path
        environment["MILLRACE_PID"] = "\(server.process)"
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        return environment
    }

    @Test func `every answer is as documented, and what follows from an operation's shape occurs`() throws {
        #expect(try script("statuses") == "")
    }

    @Test func `a client made from the document creates, executes, polls, shows, lists and exports`() throws {
        #expect(try script("client") == "COMPLETED\n")
    }

    @Test func `requests made from the document find no answer that it does not describe`() throws {
        let output = try script("schemathesis_run")
        #expect(output.contains("No issues found"), "\(output.suffix(8000))")
    }

    @Test func `damaged requests get no answer of 5xx, and all get one`() throws {
        #expect(try script("fuzz") == "")
    }
}
