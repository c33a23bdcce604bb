extension Instant {
    /// The minute in UTC, counted from 1970.
    public var minute: Int64 { microseconds.flooredQuotient(by: 60_000_000) }

    /// The day in UTC, counted from 1970.
    public var day: Int64 { microseconds.flooredQuotient(by: 86_400_000_000) }
}
