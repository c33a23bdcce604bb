import HTTPServer
import Runtime
import Synchronization
import Values

extension APIServer {
    /// The longest body of a vendor's call.
    private static let longestCallback = 256 << 10

    /// POST /hooks/p/{attempt}/{token}: a vendor tells us about an attempt.
    ///
    /// Answered when it is stored; what comes too late, too often or twice is answered just so and counted.
    func vendorCallback(_ exchange: Exchange) async throws -> Reply {
        guard let attempt = callbackLinks.attempt(exchange.parameters[0], token: exchange.parameters[1]) else {
            throw APIError(.resourceNotFound, "There is no such callback address.")
        }
        let body = try await exchange.bytes(atMost: Self.longestCallback)
        var headers: [String: String] = [:]
        for (name, value) in exchange.request.headers where headers[name] == nil { headers[name] = value }
        do {
            let (answer, counts) = try await runs.callBack(
                Services.CallbackMessage(headers: headers, body: body),
                attempt.execution,
                attempt.address,
                attempt.attempt
            )
            if !counts { uselessCallbacks.add(1, ordering: .relaxed) }
            return .json(answer)
        } catch {
            throw APIError(runtime: error)
        }
    }
}
