import Storage
import Values

/// The whole hours that metrics are asked for, the last of which is the present one.
struct MetricsWindow {
    /// The most hours that are read at once.
    static let mostHours: Int64 = 31 * 24

    /// The beginning of the first hour.
    let from: Instant
    /// The end of the present hour.
    let to: Instant
    /// How many hours these are.
    let hours: Int64

    init(hours: Int64, endingAt now: Instant) {
        self.hours = hours
        to = RunRollup.hour(of: now) + .seconds(3600)
        from = to + (.zero - .seconds(hours * 3600))
    }

    /// The hours that the query of a request asks for, such as `window=24h` or `window=7d`.
    init(_ exchange: Exchange) throws(APIError) {
        let hours = try Self.hours("window", exchange, atMost: Self.mostHours) ?? 24
        self.init(hours: hours, endingAt: exchange.now)
    }

    /// A number of hours in the query.
    static func hours(_ name: String, _ exchange: Exchange, atMost most: Int64) throws(APIError) -> Int64? {
        guard let text = exchange.query(name) else { return nil }
        let scale: Int64? = text.hasSuffix("h") ? 1 : text.hasSuffix("d") ? 24 : nil
        guard let scale, text.utf8.count <= 6, let number = UInt32(text.dropLast()), number > 0,
            Int64(number) * scale <= most
        else {
            throw APIError(
                .invalidFilter,
                "\(name) must be whole hours or days such as 24h or 7d, at most \(most) hours.",
                ["param": .string(name)]
            )
        }
        return Int64(number) * scale
    }
}
