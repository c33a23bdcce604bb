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
                "Stores a file: a form with `file`, or the file itself as the body",
                body: .form("MediaUpload"),
                answers: [.created("MediaItem", 201, "Stored")],
                errors: [.unsupportedMediaType]
            )
        ) { try await $0.uploadMedia($1) },
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
