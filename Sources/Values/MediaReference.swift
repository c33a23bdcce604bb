/// Bytes in the asset store, with what is known about them.
public struct MediaReference: Hashable, Sendable {
    /// The SHA-256 of the bytes, which names them.
    public var hash: ContentHash
    /// The MIME type, such as `image/png`.
    public var mimeType: String
    /// The length in bytes.
    public var bytes: Int64
    /// The width of a picture or film in pixels.
    public var width: Int?
    /// The height of a picture or film in pixels.
    public var height: Int?
    /// The length of a film or sound in milliseconds.
    public var durationMs: Int64?
    /// The pictures per second of a film.
    public var fps: Double?
    /// A file name, for people.
    public var name: String?

    /// A reference with the facts that are known.
    public init(
        hash: ContentHash,
        mimeType: String,
        bytes: Int64,
        width: Int? = nil,
        height: Int? = nil,
        durationMs: Int64? = nil,
        fps: Double? = nil,
        name: String? = nil
    ) {
        self.hash = hash
        self.mimeType = mimeType
        self.bytes = bytes
        self.width = width
        self.height = height
        self.durationMs = durationMs
        self.fps = fps
        self.name = name
    }

    /// The type of port that carries such bytes.
    public var portType: PortType {
        switch mimeType.prefix(while: { $0 != "/" }) {
        case "image": .image
        case "video": .video
        case "audio": .audio
        case "model": .model3D
        default: .file
        }
    }

    /// The facts as a JSON object; `sha256` holds the hash.
    public var json: JSON {
        var object: JSONObject = [
            "sha256": .string(hash.description), "mimeType": .string(mimeType), "bytes": .int(bytes),
        ]
        if let width { object["width"] = .int(Int64(width)) }
        if let height { object["height"] = .int(Int64(height)) }
        if let durationMs { object["durationMs"] = .int(durationMs) }
        if let fps { object["fps"] = .double(fps) }
        if let name { object["name"] = .string(name) }
        return .object(object)
    }

    /// Reads what ``json`` writes; `nil` when hash, type or length is missing.
    public init?(json: JSON) {
        guard let hash = json["sha256"]?.string.flatMap(ContentHash.init), let mimeType = json["mimeType"]?.string,
            let bytes = json["bytes"]?.integer
        else { return nil }
        self.init(
            hash: hash,
            mimeType: mimeType,
            bytes: bytes,
            width: json["width"]?.integer.flatMap(Int.init(exactly:)),
            height: json["height"]?.integer.flatMap(Int.init(exactly:)),
            durationMs: json["durationMs"]?.integer,
            fps: json["fps"]?.number,
            name: json["name"]?.string
        )
    }
}
