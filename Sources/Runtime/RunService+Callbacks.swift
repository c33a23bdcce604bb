public import Values

import Crypto
import Engine
import Workflows

extension RunService {
    /// Takes what a vendor says by calling us about an attempt; when this returns, it is stored.
    ///
    /// What comes too late, too often or twice is dropped.
    ///
    /// - Parameters:
    ///   - message: The call as it came.
    ///   - execution: The execution.
    ///   - address: The node run in its text form.
    ///   - attempt: The number of the attempt.
    /// - Returns: What the vendor is answered, and whether its call counted.
    /// - Throws: ``RuntimeError`` when nothing could be stored.
    public func callBack(
        _ message: Services.CallbackMessage,
        _ execution: ExecutionID,
        _ address: String,
        _ attempt: Int
    ) async throws(RuntimeError) -> (answer: JSON, counts: Bool) {
        let late: (JSON, Bool) = (["ok": true, "late": true], false)
        guard let handle = try await handle(execution) else { return late }
        let run = handle.snapshot.run
        guard let place = Address(address, in: run.plan), let call = call(run, place, attempt) else { return late }
        guard let (callback, answer) = await services.read(message, call) else { return (["ok": true], false) }
        let hash = SHA256.hash(message.body).prefix(8).hex
        do throws(RuntimeError) {
            try await post(
                "callback",
                ["address": .string(address), "attempt": .int(Int64(attempt)), "callback": callback.record],
                dedupe: "callback:\(address)/\(attempt)/\(hash)",
                to: execution
            )
        } catch {
            if case .finished = error { return late }
            throw error
        }
        return (answer, true)
    }

    /// The attempt as far as it is needed to read what its vendor says; `nil` when that is of no use any more.
    private func call(_ run: Run, _ address: Address, _ number: Int) -> Services.Call? {
        guard let attempt = run.nodeRun(address)?.attempts.last(where: { $0.number == number }),
            attempt.callbacks < VendorCallback.limit,
            let request = shards[0].request(address, run, now: attempt.startedAt)
        else { return nil }
        return Services.Call(
            request: request,
            grant: attempt.grant,
            attempt: number,
            keep: attempt.keep,
            stage: attempt.state,
            startedAt: attempt.startedAt,
            loop: shards[0].loop,
            listen: { _ in nil },
            report: { _ in },
            pace: { _ in }
        )
    }
}
