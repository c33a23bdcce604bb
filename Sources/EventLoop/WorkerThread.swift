private import CEventLoop

/// A thread that runs one function and ends.
enum WorkerThread {
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Starts the thread; in process listings it has the first 15 bytes of the label's last word.
    static func start(label: String, _ run: @escaping @Sendable () -> Void) throws(EventLoopError) {
        let name = label.split(separator: ".").last.map(String.init) ?? label
        let body = unsafe Unmanaged.passRetained(Body(run))
        let code = unsafe eventloop_start_thread(
            name,
            { argument in
                guard let argument = unsafe argument else { return }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
            },
            body.toOpaque()
        )
        guard code == 0 else {
            unsafe body.release()
            throw .system(call: "pthread_create", code: -code)
        }
    }
}
