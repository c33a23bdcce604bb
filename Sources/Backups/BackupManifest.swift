public import Values

/// What a backup says about itself: the first file of its archive.
public struct BackupManifest: Sendable, Hashable {
    /// When it was made.
    public var createdAt: Instant
    /// The version of the program that made it.
    public var version: String
    /// The number of the form of its tables.
    public var schema: Int
    /// The length of its database in bytes.
    public var databaseBytes: Int64
    /// The SHA-256 of its database.
    public var databaseHash: ContentHash
    /// The number of its media.
    public var media: Int
    /// The bytes of its media.
    public var mediaBytes: Int64

    /// The name of the file in the archive.
    static let name = "millrace-backup.json"

    var json: JSON {
        [
            "format": "millrace-backup", "formatVersion": 1, "createdAt": .string(createdAt.description),
            "version": .string(version), "schema": .int(Int64(schema)),
            "database": ["bytes": .int(databaseBytes), "sha256": .string(databaseHash.description)],
            "media": ["files": .int(Int64(media)), "bytes": .int(mediaBytes)],
        ]
    }

    init(
        createdAt: Instant,
        version: String,
        schema: Int,
        databaseBytes: Int64,
        databaseHash: ContentHash,
        media: Int,
        mediaBytes: Int64
    ) {
        self.createdAt = createdAt
        self.version = version
        self.schema = schema
        self.databaseBytes = databaseBytes
        self.databaseHash = databaseHash
        self.media = media
        self.mediaBytes = mediaBytes
    }

    init?(json: JSON) {
        guard json["format"]?.string == "millrace-backup", json["formatVersion"]?.integer == 1,
            let createdAt = json["createdAt"]?.string.flatMap(Instant.init), let version = json["version"]?.string,
            let schema = json["schema"]?.integer.flatMap(Int.init(exactly:)),
            let databaseBytes = json["database"]?["bytes"]?.integer,
            let hash = json["database"]?["sha256"]?.string.flatMap(ContentHash.init),
            let media = json["media"]?["files"]?.integer.flatMap(Int.init(exactly:)),
            let mediaBytes = json["media"]?["bytes"]?.integer
        else { return nil }
        self.init(
            createdAt: createdAt,
            version: version,
            schema: schema,
            databaseBytes: databaseBytes,
            databaseHash: hash,
            media: media,
            mediaBytes: mediaBytes
        )
    }
}
