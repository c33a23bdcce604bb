import Catalog
import Engine
import EventLoop
import FileSystem
import Processes
import Values

extension ToolCall {
    /// Runs a program in the folder and gives what it printed.
    ///
    /// - Throws: ``NodeError`` when it fails, is ended at a limit, or its time is over.
    @discardableResult
    func run(_ program: ToolProgram, _ arguments: [String]) async throws(NodeError) -> String {
        guard let path = tools.path(of: program) else {
            throw NodeError(
                .notFound,
                "This server has no \(program.rawValue). Install it with: "
                    + "sudo apt-get install \(program.package.rawValue)"
            )
        }
        return try await tools.slots.withPlace { () throws(NodeError) in
            let exit = try await ending(program, path, arguments)
            guard exit == .status(0) else { throw await failure(of: program, exit) }
            return String(decoding: try await read("output.txt", atMost: 8 << 20), as: UTF8.self)
        }
    }

    /// Starts a program and waits for its end, at most until the deadline.
    private func ending(
        _ program: ToolProgram,
        _ path: String,
        _ arguments: [String]
    ) async throws(NodeError) -> ChildProcess.Exit {
        let time = min(deadline - now(), tools.limits.longest)
        guard time > .zero else { throw late(program) }
        let handle = ChildHandle()
        let start = { @Sendable [self] () throws(ProcessError) -> ChildProcess in
            try ChildProcess.start(
                program: path,
                arguments: arguments,
                environment: environment,
                folder: folder,
                output: self.path("output.txt"),
                errors: self.path("errors.txt"),
                limits: ChildProcess.Limits(
                    cpuSeconds: tools.limits.cpuSeconds,
                    memoryBytes: tools.limits.memoryBytes,
                    fileBytes: tools.limits.fileBytes
                )
            )
        }
        let outcome = await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await Task.sleep(for: time)
                    if !Task.isCancelled { handle.stop(.late) }
                }
                defer { group.cancelAll() }
                // The end is awaited even when the task is cancelled: the handler below brings it about.
                return await ended { try handle.run(start) }
            }
        } onCancel: {
            handle.stop(.cancelled)
        }
        switch handle.stop {
        case .cancelled: throw .cancelled
        case .late: throw late(program)
        case nil: break
        }
        guard let exit = try outcome.get() else { throw .cancelled }
        return exit
    }

    private func ended(
        _ work: @escaping @Sendable () throws -> ChildProcess.Exit?
    ) async -> Result<ChildProcess.Exit?, NodeError> {
        do {
            return .success(try await tools.pool.run(isCancellable: false, work))
        } catch let error as ProcessError {
            return .failure(NodeError(.providerInternal, error.description))
        } catch let error as EventLoopError {
            return .failure(NodeError(.overloaded, error.description))
        } catch {
            return .failure(NodeError(.providerInternal, "\(error)"))
        }
    }

    /// Nothing of the server's own environment; what is set keeps programs to our policy, the folder and one core.
    private var environment: [String: String] {
        [
            "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder, "TMPDIR": folder, "XDG_CACHE_HOME": folder,
            "MAGICK_CONFIGURE_PATH": "\(tools.folder)/settings", "MAGICK_TEMPORARY_PATH": folder,
            "MAGICK_THREAD_LIMIT": "1", "OMP_THREAD_LIMIT": "1",
        ]
    }

    private func late(_ program: ToolProgram) -> NodeError {
        NodeError(
            .timeout,
            "\(program.rawValue) did not come to an end in time. Give the node more time, or less to do."
        )
    }

    /// What a program that failed says, in a form for people.
    private func failure(of program: ToolProgram, _ exit: ChildProcess.Exit) async -> NodeError {
        let said = String(decoding: (try? await read("errors.txt", atMost: 1 << 20)) ?? [], as: UTF8.self)
        if case .signal(let number) = exit {
            // SIGKILL and SIGXCPU end a program at its processor time, SIGXFSZ at the longest file.
            let isLimit = [9, 24, 25].contains(number)
            return NodeError(
                isLimit ? .invalidInput : .providerInternal,
                isLimit
                    ? "The \(program.matter) needs more work than this server allows for it. Use a smaller one."
                    : "\(program.rawValue) was ended by signal \(number)."
            )
        }
        let lines = said.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
        let line = lines.first.map { String($0.prefix(300)).replacing(folder + "/", with: "") } ?? "it gave no reason"
        return NodeError(.invalidInput, "The \(program.matter) could not be worked on. \(program.rawValue): \(line)")
    }
}
