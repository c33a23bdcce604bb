import HTTPValues
import Storage
import Synchronization
import Values

/// How often each address has called a webhook in this minute.
///
/// At most ``capacity`` pairs are counted; when there are more, calls of further addresses are refused until the minute ends.
final class WebhookRates: Sendable {
    private struct Caller: Hashable {
        let webhook: WebhookID
        let address: IPAddress
    }

    private static let capacity = 100_000

    private let state = Mutex((minute: Int64(0), calls: [Caller: Int64]()))

    /// Counts a call, unless there were too many.
    ///
    /// - Returns: Whether it is one too many.
    func isTooMany(_ webhook: WebhookID, _ address: IPAddress, atMost limit: Int64, at now: Instant) -> Bool {
        state.withLock { state in
            let minute = now.seconds / 60
            if state.minute != minute { state = (minute, [:]) }
            let caller = Caller(webhook: webhook, address: Self.network(of: address))
            let count = state.calls[caller] ?? (state.calls.count < Self.capacity ? 0 : .max)
            guard count < limit else { return true }
            state.calls[caller] = count + 1
            return false
        }
    }

    /// A network of 64 bits is one caller: it has more addresses than anybody can count.
    private static func network(of address: IPAddress) -> IPAddress {
        switch address.unmapped {
        case .v4(let value): .v4(value)
        case .v6(let high, _): .v6(high: high, low: 0)
        }
    }
}
