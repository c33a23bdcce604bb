/// The ten types a port may have (contract §9.3); the raw value is the word on the wire.
public enum PortType: String, Sendable, Hashable, CaseIterable {
    /// A text.
    case text = "TEXT"
    /// A number.
    case number = "NUMBER"
    /// `true` or `false`.
    case boolean = "BOOLEAN"
    /// Any JSON value.
    case json = "JSON"
    /// A picture; also a mask or a vector drawing.
    case image = "IMAGE"
    /// A film.
    case video = "VIDEO"
    /// A sound.
    case audio = "AUDIO"
    /// A three-dimensional model.
    case model3D = "MODEL_3D"
    /// Any file.
    case file = "FILE"
    /// Anything.
    case any = "ANY"

    /// Reads a word in any letter case; `MODEL3D` is an alias.
    public init?(word: String) {
        let upper = word.uppercased()
        guard let type = PortType(rawValue: upper == "MODEL3D" ? "MODEL_3D" : upper) else { return nil }
        self = type
    }

    /// Whether values of this type are stored bytes.
    public var isMedia: Bool {
        switch self {
        case .image, .video, .audio, .model3D, .file: true
        case .text, .number, .boolean, .json, .any: false
        }
    }
}
