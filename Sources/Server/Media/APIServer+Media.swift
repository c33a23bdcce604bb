import Storage
import Assets
import FileSystem
import HTTPServer
import HTTPValues
import Values

extension APIServer {
    /// POST /media/upload: one file, as a multipart field `file` or as the whole body.
    func uploadMedia(_ exchange: Exchange) async throws -> Reply {
        let limit = configuration.maximumUploadBytes
        let type = exchange.request.headers["content-type"] ?? "application/octet-stream"
        let path = assets.newPath()
        let reference: MediaReference
        do {
            try await assets.admit()
            let upload = Upload(sink: try UploadSink(path: path, pool: pool), limit: limit)
            let (mimeType, name) = try await upload.receive(exchange.request.body, contentType: type)
            reference = try await assets.keep(path, mimeType: mimeType, name: name, at: exchange.now)
            let keptUntil = configuration.keepMedia.map { exchange.now + $0 }
            try await assets.markUploaded(reference, account: exchange.account, until: keptUntil)
        } catch {
            try? Folder.removeFile(path)
            throw Self.translate(error, limit: limit)
        }
        let writer = ValueWriter(links: links, base: base(exchange), now: exchange.now)
        let item = writer.json(reference)
        let headers: HTTPFields = ["location": "/api/v1/media/\(item["id"]?.string ?? "")"]
        return .json(["data": item], status: 201, headers: headers)
    }

    /// GET /media/{id} below /api/v1: what is known about some media.
    func describeMedia(_ exchange: Exchange) async throws -> Reply {
        let missing = APIError(.resourceNotFound, "Media not found", ["kind": "media"])
        let id: MediaID = try exchange.identifier(0, orElse: missing)
        guard let reference = try await reference(id) else { throw missing }
        let writer = ValueWriter(links: links, base: base(exchange), now: exchange.now)
        return .json(["data": writer.json(reference)])
    }

    /// GET /media/{id}.{ext} at the root: the bytes, for a signed link or a key.
    func mediaFile(_ exchange: Exchange) async throws -> Reply {
        let missing = APIError(.resourceNotFound, "Media not found", ["kind": "media"])
        let name = exchange.parameters[0]
        guard let id = MediaID(String(name.prefix { $0 != "." })) else { throw missing }
        if let token = exchange.query("token") {
            guard links.allows(token, id, at: exchange.now) else {
                throw APIError(.invalidAccessToken, "The link has expired or was changed. Ask for the execution again.")
            }
        } else {
            let request = exchange.request
            guard request.headers.contains("authorization") || request.cookie(SessionRing.cookie) != nil else {
                throw APIError(
                    .invalidAccessToken,
                    "The link lacks its token. Take the whole link, or send an API key."
                )
            }
            let principal = try await principal(of: request, at: exchange.now)
            try await limiter.charge(.requests, principal.account, at: exchange.now)
            try principal.require("executions:read")
        }
        guard let reference = try await reference(id) else { throw missing }
        return try .raw(file(reference, exchange))
    }

    private func file(_ reference: MediaReference, _ exchange: Exchange) throws(APIError) -> HTTPResponse {
        let tag = "\"\(reference.hash)\""
        var headers: HTTPFields = [
            "content-type": reference.mimeType, "etag": tag, "accept-ranges": "bytes",
            "cache-control": "private, max-age=86400, immutable", "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ]
        if exchange.hasCopy(of: tag) { return HTTPResponse(status: 304, headers: headers) }
        // What a browser would run as a page of ours is only offered for saving.
        if !reference.portTypeIsShown { headers["content-disposition"] = "attachment" }
        let length = Int(reference.bytes)
        let path = assets.path(of: reference.hash)
        guard let range = exchange.request.headers["range"] else {
            return HTTPResponse(status: 200, headers: headers, body: .file(HTTPFileSlice(path: path, length: length)))
        }
        guard let (first, count) = Self.range(range, of: length) else {
            var error = APIError(.rangeNotSatisfiable, "The media has \(length) bytes.")
            error.headers = ["content-range": "bytes */\(length)"]
            throw error
        }
        headers["content-range"] = "bytes \(first)-\(first + count - 1)/\(length)"
        return HTTPResponse(
            status: 206,
            headers: headers,
            body: .file(HTTPFileSlice(path: path, offset: first, length: count))
        )
    }

    /// The first byte and the number of bytes of a single range (RFC 9110, section 14.1.2); `nil` when there are none.
    private static func range(_ text: String, of length: Int) -> (Int, Int)? {
        guard text.hasPrefix("bytes="), length > 0 else { return nil }
        let parts = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        if parts[0].isEmpty {
            guard let count = Int(parts[1]), count > 0 else { return nil }
            return (max(0, length - count), min(count, length))
        }
        guard let first = Int(parts[0]), first < length else { return nil }
        if parts[1].isEmpty { return (first, length - first) }
        guard let last = Int(parts[1]), last >= first else { return nil }
        return (first, min(last, length - 1) - first + 1)
    }

    private func reference(_ id: MediaID) async throws(APIError) -> MediaReference? {
        do {
            return try await assets.reference(id)
        } catch {
            throw Self.translate(error, limit: 0)
        }
    }

    static func translate(_ error: any Error, limit: Int64) -> APIError {
        switch error {
        case let error as APIError: return error
        case let error as HTTPExchangeError: return APIError(error, limit: Int(limit))
        case AssetError.full: return APIError(.storageFull, AssetError.full.description)
        case AssetError.overQuota(let used, let quota):
            return APIError(.storageFull, "\(error)", ["usedBytes": .int(used), "quotaBytes": .int(quota)])
        case AssetError.tooLarge:
            return APIError(.bodyTooLarge, "The file is longer than \(limit) bytes.", ["maxBytes": .int(limit)])
        case let error as FileError where error.isFull: return APIError(.storageFull, AssetError.full.description)
        default: return APIError(.internalError, "\(error)")
        }
    }
}

extension MediaReference {
    /// Whether a browser shows the media without running anything in it.
    fileprivate var portTypeIsShown: Bool {
        switch portType {
        case .image: mimeType != "image/svg+xml"
        case .video, .audio: true
        default: mimeType == "application/pdf" || mimeType == "text/plain"
        }
    }
}
