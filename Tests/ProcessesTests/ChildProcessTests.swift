import FileSystem
import Processes
import TestSupport
import Testing

struct ChildProcessTests {
    private func run(_ arguments: [String], limits: ChildProcess.Limits = .usual) throws -> (ChildProcess.Exit, String)
    {
        let folder = try TemporaryFolder()
        let child = try ChildProcess.start(
            program: "/bin/sh",
            arguments: arguments,
            environment: ["GREETING": "hello"],
            folder: folder.path,
            output: folder.path + "/out",
            errors: folder.path + "/err",
            limits: limits
        )
        let exit = child.wait()
        let output = try Folder.contents(of: folder.path + "/out", atMost: 10_000) ?? []
        return (exit, String(decoding: output, as: UTF8.self))
    }

    @Test func `gives the exit status, the output and only the given environment`() throws {
        let (exit, output) = try run(["-c", "echo $GREETING$HOME; pwd; exit 7"])
        #expect(exit == .status(7))
        #expect(output.hasPrefix("hello\n/"))
    }

    @Test func `is ended by the kernel at its limits`() throws {
        var limits = ChildProcess.Limits.usual
        limits.cpuSeconds = 1
        let (exit, _) = try run(["-c", "while :; do :; done"], limits: limits)
        #expect(exit != .status(0))
        limits = .usual
        limits.fileBytes = 1000
        let (_, output) = try run(["-c", "head -c 100000 /dev/zero; exit 3"], limits: limits)
        #expect(output.utf8.count <= 1000)
    }

    @Test func `is ended together with what it started`() throws {
        let folder = try TemporaryFolder()
        let child = try ChildProcess.start(
            program: "/bin/sh",
            arguments: ["-c", "sleep 60 & sleep 60"],
            environment: [:],
            folder: folder.path,
            output: folder.path + "/out",
            errors: folder.path + "/err",
            limits: .usual
        )
        child.kill()
        #expect(child.wait() == .signal(9))
    }
}

extension ChildProcess.Limits {
    static let usual = ChildProcess.Limits(cpuSeconds: 10, memoryBytes: 1 << 30, fileBytes: 1 << 20)
}
