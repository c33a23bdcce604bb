/// Why a manifest cannot be used: the file, the place in it, and the reason.
public struct ManifestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file, or what stands for it.
    public var file: String
    /// The place, such as `offers[0].calls.submit.url`; empty for the whole document.
    public var path: String
    /// What is wrong there, and what would be right.
    public var reason: String

    /// An error at that place.
    public init(file: String, path: String, reason: String) {
        self.file = file
        self.path = path
        self.reason = reason
    }

    /// File, place and reason.
    public var description: String { "\(file): \(place)\(reason)" }

    /// The place as it stands before the reason; empty for the whole document.
    public var place: String { path.isEmpty ? "" : "\(path): " }
}
