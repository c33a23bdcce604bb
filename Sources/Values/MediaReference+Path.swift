extension MediaReference {
    /// The identifier of the media on the wire, which follows from its hash.
    public var id: MediaID { MediaID(hash: hash) }

    /// The path under which a server gives the bytes, such as `/media/med_….png`.
    public var path: String { "/media/\(id).\(fileExtension)" }

    /// The usual file name extension of the MIME type, `bin` for an unknown one.
    public var fileExtension: String { Self.fileExtension(of: mimeType) }

    /// The usual file name extension of a MIME type, `bin` for an unknown one.
    public static func fileExtension(of mimeType: String) -> String {
        let bare = mimeType.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } ?? ""
        return types.first { $0.mimeType == bare }?.fileExtension ?? "bin"
    }

    /// The MIME type of a file name by its extension, or `nil` for an unknown one.
    public static func mimeType(ofFile name: String) -> String? {
        guard let dot = name.lastIndex(of: ".") else { return nil }
        let suffix = name[name.index(after: dot)...].lowercased()
        return types.first { $0.fileExtension == suffix }?.mimeType
    }

    /// Where two types share an extension, or two extensions a type, the first one counts.
    private static let types: [(mimeType: String, fileExtension: String)] = [
        ("image/png", "png"), ("image/jpeg", "jpg"), ("image/jpeg", "jpeg"), ("image/webp", "webp"),
        ("image/gif", "gif"), ("image/svg+xml", "svg"), ("image/avif", "avif"), ("image/tiff", "tiff"),
        ("image/bmp", "bmp"), ("video/mp4", "mp4"), ("video/webm", "webm"), ("video/quicktime", "mov"),
        ("video/x-matroska", "mkv"), ("audio/wav", "wav"), ("audio/x-wav", "wav"), ("audio/mpeg", "mp3"),
        ("audio/ogg", "ogg"), ("audio/opus", "opus"), ("audio/flac", "flac"), ("audio/aac", "aac"),
        ("audio/mp4", "m4a"), ("model/gltf-binary", "glb"), ("model/gltf+json", "gltf"), ("model/obj", "obj"),
        ("model/stl", "stl"), ("model/vnd.usdz+zip", "usdz"), ("application/pdf", "pdf"), ("application/zip", "zip"),
        ("application/json", "json"), ("text/plain", "txt"), ("text/csv", "csv"), ("text/html", "html"),
        ("text/markdown", "md"),
    ]
}

extension Identifier where Kind == Kinds.Media {
    /// The identifier of the bytes with that hash: its first half.
    public init(hash: ContentHash) {
        let bytes = hash.bytes
        self.init(
            high: bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) },
            low: bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
        )
    }
}
