import Engine
import Runtime
import Storage
import Values

extension RunStarter {
    /// Starts what schedules, backfills and the ends of other runs ask for.
    func start(_ wanted: TriggeredStart) async -> TriggeredResult {
        do {
            guard try await database.execution(wanted.execution) == nil else {
                try await database.remove(wanted.delivery)
                return .started
            }
            var origin = RunOrigin()
            origin.type = wanted.origin
            origin.schedule = wanted.link.schedule?.description
            let body: JSONObject = ["inputs": .object(wanted.inputs), "triggerData": wanted.data]
            var order = StartOrder(
                account: wanted.account,
                workflow: wanted.workflow,
                request: try ExecuteRequest(body, allowsGraph: false),
                origin: origin,
                at: wanted.at,
                loop: nil,
                execution: wanted.execution
            )
            order.link = wanted.link
            order.delivery = wanted.delivery
            _ = try await start(order)
            return .started
        } catch let error as APIError {
            // Another server was faster, or the database was away: what is there is looked at again.
            guard error.code.status < 500, error.code != .idempotencyInProgress else {
                return .later(.seconds(error.code == .draining ? 1 : 5))
            }
            return .refused(error.code.rawValue, error.message)
        } catch {
            log("\(error)")
            return .later(.seconds(5))
        }
    }
}
