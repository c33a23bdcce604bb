/// What the programs of local tools may use up.
public struct ToolLimits: Sendable, Hashable {
    /// The most programs at once; as many as there are processor cores is right.
    public var programs: Int
    /// The most programs that wait for their turn.
    public var waiting = 1000
    /// The processor time of one program in whole seconds.
    public var cpuSeconds = 600
    /// The address space of one program in bytes.
    public var memoryBytes: Int64 = 3 << 30
    /// The longest file one program may write, in bytes.
    public var fileBytes: Int64 = 1 << 30
    /// The longest time one program may run.
    public var longest = Duration.seconds(900)
    /// The longest text that is read aloud or drawn, in characters.
    public var textCharacters = 20_000
    /// The largest picture that is made, in pixels.
    public var pixels = 64_000_000
    /// The longest side of a picture that is made, in pixels.
    public var side = 12_000

    /// The usual limits.
    ///
    /// - Parameter programs: The most programs at once.
    public init(programs: Int = 2) {
        self.programs = programs
    }
}

/// Where the programs and typefaces of local tools are looked for.
public struct ToolPlaces: Sendable, Hashable {
    /// The folders with programs, in order.
    public var programs: [String]
    /// The folders with the typefaces of the package fonts-dejavu-core, in order.
    public var fonts: [String]

    /// These folders; without arguments those of Debian.
    public init(
        programs: [String] = ["/usr/bin", "/bin", "/usr/local/bin"],
        fonts: [String] = ["/usr/share/fonts/truetype/dejavu"]
    ) {
        self.programs = programs
        self.fonts = fonts
    }
}
