/// Why a text says no times.
public struct TimetableError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, and what to write instead.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
