private import Glibc

/// A program started with an argument list, never through a shell, as the leader of a process group of its own.
public struct ChildProcess: Sendable {
    /// What a child may use up; the kernel ends it at a limit.
    public struct Limits: Sendable, Hashable {
        /// Processor time in whole seconds.
        public var cpuSeconds: Int
        /// Address space in bytes.
        public var memoryBytes: Int64
        /// The longest file it may write, in bytes.
        public var fileBytes: Int64

        /// Limits of that size.
        public init(cpuSeconds: Int, memoryBytes: Int64, fileBytes: Int64) {
            self.cpuSeconds = cpuSeconds
            self.memoryBytes = memoryBytes
            self.fileBytes = fileBytes
        }
    }

    /// How a child ended.
    public enum Exit: Sendable, Hashable {
        /// By itself with that status; 0 is success.
        case status(Int32)
        /// By a signal of that number.
        case signal(Int32)
    }

    /// The process, which is also its group.
    public let id: Int32

    /// Starts a program.
    ///
    /// The child sees only the given environment, reads nothing, and writes its output and errors to the two files.
    /// - Throws: ``ProcessError`` when the program is missing or cannot be started.
    public static func start(
        program: String,
        arguments: [String],
        environment: [String: String],
        folder: String,
        output: String,
        errors: String,
        limits: Limits
    ) throws(ProcessError) -> ChildProcess {
        // env enters the folder, prlimit sets the limits, and both then become the program (coreutils and util-linux,
        // part of every Debian): no code of ours runs between fork and exec.
        let words =
            [
                "/usr/bin/env", "--chdir=\(folder)", "/usr/bin/prlimit", "--cpu=\(limits.cpuSeconds)",
                "--as=\(limits.memoryBytes)",
                "--fsize=\(limits.fileBytes)", "--core=0", "--", program,
            ] + arguments
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        guard unsafe posix_spawn_file_actions_init(&actions) == 0 else {
            throw ProcessError(program: program, code: ENOMEM)
        }
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        guard unsafe posix_spawnattr_init(&attributes) == 0 else { throw ProcessError(program: program, code: ENOMEM) }
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        let create = O_WRONLY | O_CREAT | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, create, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, create, 0o600)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var process: pid_t = 0
        let variables = environment.map { "\($0.key)=\($0.value)" }
        let code = unsafe withCStrings(words) { argv in
            unsafe withCStrings(variables) { envp in
                unsafe posix_spawn(&process, "/usr/bin/env", &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw ProcessError(program: program, code: code) }
        return ChildProcess(id: process)
    }

    /// Returns when the child has ended, without forgetting it.
    ///
    /// Until ``wait()`` its identifier names no other process, so that ``kill()`` is safe. Blocks its thread.
    public func awaitEnd() {
        var facts = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(id), &facts, WEXITED | WNOWAIT) < 0, errno == EINTR {}
    }

    /// Waits for the end; blocks its thread, and is called once.
    public func wait() -> Exit {
        var status: Int32 = 0
        while unsafe waitpid(id, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .status((status >> 8) & 0xFF) : .signal(signal)
    }

    /// Ends the child and all it has started in its group.
    public func kill() {
        _ = Glibc.kill(-id, SIGKILL)
    }
}

/// Why a program could not be started.
public struct ProcessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The program.
    public let program: String
    /// The system's error number.
    public let code: Int32

    /// The program with what the system says.
    public var description: String { unsafe "\(program) could not be started: \(String(cString: strerror(code)))." }
}

/// Lends a null-terminated list of C strings.
private func withCStrings<Result>(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
    for place in texts.indices { unsafe pointers[place] = strdup(texts[place]) }
    unsafe pointers[texts.count] = nil
    defer {
        for place in texts.indices { unsafe free(pointers[place]) }
        unsafe pointers.deallocate()
    }
    return unsafe body(pointers)
}
