import Foundation
import Processes
import TestSupport

/// A program of the machine, started with files for what it writes.
///
/// Foundation's `Process` sees no end as long as a program that was started meanwhile still runs.
final class Program {
    private let child: ChildProcess
    private let outputPath: String
    private let errorPath: String
    private var exit: ChildProcess.Exit?

    /// Starts a program, found by its path or its name.
    init(_ program: String, _ arguments: [String], environment: [String: String] = [:], in folder: String = ".") throws
    {
        let files = "\(NSTemporaryDirectory())/millrace-program-\(UUID().uuidString)"
        outputPath = "\(files).out"
        errorPath = "\(files).err"
        child = try ChildProcess.start(
            program: program,
            arguments: arguments,
            environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 },
            folder: URL(filePath: folder).path,
            output: outputPath,
            errors: errorPath,
            limits: ChildProcess.Limits(cpuSeconds: 1000, memoryBytes: 1 << 40, fileBytes: 1 << 34)
        )
    }

    deinit {
        end()
        for path in [outputPath, errorPath] { try? FileManager.default.removeItem(atPath: path) }
    }

    /// What the system calls it.
    var id: Int32 { child.id }

    /// What it has written to its output so far.
    var output: String { Self.text(outputPath) }

    /// What it has written to its errors so far.
    var errors: String { Self.text(errorPath) }

    private static func text(_ path: String) -> String {
        (try? String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self)) ?? ""
    }

    /// Ends it as a power cut would.
    func end() {
        guard exit == nil else { return }
        child.kill()
        wait()
    }

    /// Stops it from running, or lets it go on, without its knowing.
    func freeze(_ isFrozen: Bool) {
        guard exit == nil else { return }
        kill(-child.id, isFrozen ? SIGSTOP : SIGCONT)
    }

    /// Waits for its end and gives its status, or 128 and the number of the signal.
    @discardableResult
    func wait() -> Int32 {
        let exit = exit ?? child.wait()
        self.exit = exit
        return switch exit {
        case .status(let status): status
        case .signal(let signal): 128 + signal
        }
    }

    /// Runs a program to its end.
    ///
    /// - Returns: Its status, and what it wrote to its output and then to its errors.
    static func run(
        _ program: String,
        _ arguments: [String],
        in folder: String = "."
    ) throws -> (status: Int32, output: String) {
        let program = try Program(program, arguments, in: folder)
        let status = program.wait()
        return (status, program.output + program.errors)
    }
}
