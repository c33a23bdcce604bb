/// What the maker of some media knows about it, where its first bytes do not tell.
public struct MediaFacts: Sendable, Hashable {
    /// The width of a picture or film in pixels.
    public var width: Int?
    /// The height of a picture or film in pixels.
    public var height: Int?
    /// The length of a film or sound in milliseconds.
    public var durationMs: Int64?
    /// The pictures per second of a film.
    public var fps: Double?

    /// The facts that are known.
    public init(width: Int? = nil, height: Int? = nil, durationMs: Int64? = nil, fps: Double? = nil) {
        self.width = width
        self.height = height
        self.durationMs = durationMs
        self.fps = fps
    }
}
