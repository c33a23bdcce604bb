import Assets
import EventLoop
import Storage
import Values

/// Removes what is due, again and again, in small steps beside everything else.
struct Housekeeping {
    let database: Database
    let assets: AssetStore
    let retention: Retention
    let clock: @Sendable () -> Instant
    let log: @Sendable (String) -> Void

    /// How long is waited from one sweep to the next.
    static let pause = Duration.seconds(60)
    /// After how many sweeps the media is added up anew.
    private static let sweepsPerMeasure = 1440

    /// Sweeps until the task is cancelled.
    func run(on loop: Loop) async {
        var sweeps = 0
        repeat {
            do {
                if sweeps % Self.sweepsPerMeasure == 0 { try await assets.measure() }
                try await sweep()
            } catch {
                log("What is due could not be removed, it is tried again: \(error)")
            }
            sweeps += 1
        } while (try? await loop.sleep(for: Self.pause)) != nil
    }

    private func sweep() async throws {
        var count = try await database.sweep(retention, at: clock())
        // Servers that share a database share the media too, and none knows what another is just writing.
        if !database.isShared { (count.media, count.bytes) = try await assets.sweep(at: clock()) }
        if let obstacle = await assets.obstacle() { log("Media has to wait: \(obstacle)") }
        guard !count.isEmpty else { return }
        try await database.shrink()
        log(
            "Removed \(count.executions) executions, \(count.journals) journals and \(count.media) media with \(count.bytes) bytes."
        )
    }
}
