private import Glibc

/// The standard streams of the process; writing blocks for as long as the reader makes it wait.
public enum Console {
    /// Writes a line to standard output.
    public static func print(_ text: String) { write(text + "\n", to: 1) }

    /// Writes text as it is to standard output.
    public static func write(_ text: String) { write(text, to: 1) }

    /// Writes a line to standard error.
    public static func error(_ text: String) { write(text + "\n", to: 2) }

    /// Whether standard output is a terminal.
    public static var isTerminal: Bool { isatty(1) == 1 }

    /// Ends the process at once.
    public static func exit(_ status: Int32) -> Never { Glibc.exit(status) }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let written = unsafe bytes[done...].withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            guard written > 0 else {
                if errno == EINTR { continue }
                return
            }
            done += written
        }
    }
}
