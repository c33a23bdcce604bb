import HTTPValues

extension APIServer {
    /// Media: row 52 of contract §2.
    static let mediaRoutes: [Route] = [
        Route(
            row: 52,
            method: .post,
            path: "/media/upload",
            scopes: ["workflows:write"],
            operation: Operation(
                "uploadMedia",
                "Media",
                "Stores a file: a form with `file`, the file itself as the body, or JSON with its `url`",
                body: .form("MediaUpload", or: ["application/json", "application/octet-stream"]),
                answers: [.created("MediaItem", 201, "Stored")],
                errors: [.missingFields, .invalidField]
            )
        ) { try await $0.uploadMedia($1) },
        Route(
            row: 52,
            method: .get,
            path: "/media",
            scopes: ["workflows:read"],
            operation: Operation(
                "listMedia",
                "Media",
                "Lists the media of the account, newest first, or the uses of one",
                query: [
                    .limit, .cursor, .text("sha256", "Shows that media with its uses", atMost: 64),
                    .word("kind", "Keeps media of that kind", MediaKind.allCases.map(\.rawValue)),
                    .text("mime", "Keeps media of that MIME type", atMost: 100),
                    .time("from", "Keeps what was stored then or later"), .time("to", "Keeps what was stored earlier"),
                    .text("q", "Keeps what has that text in its name", atMost: 100),
                ],
                answers: [.json("MediaPage")],
                errors: [.invalidFilter]
            )
        ) { try await $0.listMedia($1) },
        Route(
            row: 52,
            method: .delete,
            path: "/media/{id}",
            scopes: ["workflows:write"],
            operation: Operation(
                "deleteMedia",
                "Media",
                "Removes an upload that nothing refers to",
                answers: [.noContent],
                errors: [.resourceNotFound, .mediaInUse]
            )
        ) { try await $0.deleteMedia($1) },
        Route(
            row: 52,
            method: .get,
            path: "/media/{id}",
            scopes: ["workflows:read"],
            operation: Operation(
                "getMedia",
                "Media",
                "Shows what is known about media",
                answers: [.json("MediaItem")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.describeMedia($1) },
        // The bytes, for a signed link or a key.
        Route(row: 52, method: .get, path: "/media/{file}", scopes: nil, isAtRoot: true) { try await $0.mediaFile($1) },
    ]
}
