import Storage
import Assets
import FileSystem
import HTTPServer
import Engine
import HTTPValues
import Values

extension APIServer {
    /// POST /media/upload: one file, as a multipart field `file`, as the whole body, or by its address.
    func uploadMedia(_ exchange: Exchange) async throws -> Reply {
        let limit = configuration.maximumUploadBytes
        let type = exchange.request.headers["content-type"] ?? "application/octet-stream"
        if exchange.mediaType == "application/json" { return try await uploadByAddress(exchange, limit) }
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

    /// Fetches what `url` holds, over https only.
    private func uploadByAddress(_ exchange: Exchange, _ limit: Int64) async throws -> Reply {
        let fields = try Fields(try await exchange.object(), known: ["url"])
        guard let address = try fields.string("url", atMost: 2000) else {
            throw APIError(.missingFields, "Missing required fields: url", ["fields": ["url"]])
        }
        guard address.lowercased().hasPrefix("https://") else {
            throw APIError.field("url", "must begin with https://")
        }
        guard let fetch = configuration.fetch else {
            throw APIError.field("url", "cannot be fetched by this server; upload the file itself")
        }
        let reference: MediaReference
        switch await fetch(address, exchange.account, limit, exchange.now + .seconds(300), exchange.request.loop) {
        case .success(let media): reference = media
        case .failure(let error): throw APIError.field("url", "cannot be fetched: \(error.message)")
        }
        let isPage = ["text/html", "application/xhtml+xml", "text/javascript", "application/javascript"]
        guard !isPage.contains(reference.mimeType) else {
            throw APIError(.unsupportedMediaType, "The address holds a page (\(reference.mimeType)), and no media.")
        }
        do {
            let keptUntil = configuration.keepMedia.map { exchange.now + $0 }
            try await assets.markUploaded(reference, account: exchange.account, until: keptUntil)
        } catch {
            throw Self.translate(error, limit: limit)
        }
        let writer = ValueWriter(links: links, base: base(exchange), now: exchange.now)
        let headers: HTTPFields = ["location": "/api/v1/media/\(reference.id)"]
        return .json(["data": writer.json(reference)], status: 201, headers: headers)
    }

    /// GET /media: the media of the account, newest first; with `sha256` that one, and what made or used it.
    func listMedia(_ exchange: Exchange) async throws -> Reply {
        if let text = exchange.query("sha256") { return try await uses(of: text, exchange) }
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        var filter = MediaFilter(account: exchange.account)
        filter.from = try HistoryQuery.time("from", exchange)
        filter.to = try HistoryQuery.time("to", exchange)
        let kind = try word("kind", of: MediaKind.self, exchange)
        let mime = exchange.query("mime")?.lowercased()
        let name = exchange.query("q")?.lowercased()
        filter.isWanted = { asset in
            let media = asset.reference
            return (kind == nil || kind == MediaKind(media)) && (mime == nil || mime == media.mimeType.lowercased())
                && name.map { media.name?.lowercased().contains($0) == true } ?? true
        }
        let wanted = filter
        let page = try await stored { try await self.database.media(wanted, after: position, limit: limit) }
        let next = page.next.map { JSON.string(cursors.encode($0)) }
        return .json([
            "data": .array(page.rows.map { item($0, exchange) }), "nextCursor": next ?? .null,
            "hasMore": .bool(next != nil),
        ])
    }

    /// The media of a hash, with the executions and nodes that made or used it.
    private func uses(of text: String, _ exchange: Exchange) async throws -> Reply {
        guard let hash = ContentHash(text.lowercased()) else {
            throw APIError(.invalidFilter, "sha256 must be 64 hexadecimal digits.", ["param": "sha256"])
        }
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let found = try await stored {
            try await self.database.asset(MediaID(hash: hash), of: exchange.account)
        }
        guard let found, found.isStored, found.reference.hash == hash else {
            return .json(["data": [], "nextCursor": nil, "hasMore": false])
        }
        let executions = try await stored {
            try await self.database.executions(using: hash, of: exchange.account, limit: limit)
        }
        var object = item(found, exchange).object ?? JSONObject()
        object["uses"] = .array(
            try executions.map { row in
                let nodes = try Self.view(row)?.nodes.filter { $0.outputs.values.contains { $0.holds(hash) } } ?? []
                return [
                    "executionId": .string(row.facts.id.description),
                    "workflowId": .string(row.facts.workflow.description), "status": .string(row.status),
                    "startTime": .string(row.facts.createdAt.description),
                    "nodeIds": .array(nodes.map { .string($0.id) }),
                ]
            }
        )
        return .json(["data": [.object(object)], "nextCursor": nil, "hasMore": false])
    }

    /// DELETE /media/{id}: an upload that nothing refers to.
    func deleteMedia(_ exchange: Exchange) async throws -> Reply {
        let reference = try await owned(exchange)
        let isGone = try await stored {
            try await self.database.withdraw(reference.hash, from: exchange.account, at: exchange.now)
        }
        guard isGone == true else {
            throw APIError(
                .mediaInUse,
                "The media is used by executions or workflows, or was made by one; it goes when they are gone.",
                ["kind": "media"]
            )
        }
        return .empty()
    }

    /// GET /media/{id} below /api/v1: what is known about some media.
    func describeMedia(_ exchange: Exchange) async throws -> Reply {
        let reference = try await owned(exchange)
        let writer = ValueWriter(links: links, base: base(exchange), now: exchange.now)
        return .json(["data": writer.json(reference)])
    }

    /// GET /media/{id}.{ext} at the root: the bytes, for a signed link or a key of an account that has them.
    func mediaFile(_ exchange: Exchange) async throws -> Reply {
        let name = exchange.parameters[0]
        guard let id = MediaID(String(name.prefix { $0 != "." })) else { throw Self.noMedia }
        let found: MediaReference?
        if let token = exchange.query("token") {
            guard links.allows(token, id, at: exchange.now) else {
                throw APIError(.invalidAccessToken, "The link has expired or was changed. Ask for the execution again.")
            }
            found = try await reference { try await self.assets.reference(id) }
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
            found = try await reference { try await self.assets.reference(id, of: principal.account) }
        }
        guard let found else { throw Self.noMedia }
        return try .raw(file(found, exchange))
    }

    private func file(_ reference: MediaReference, _ exchange: Exchange) throws(APIError) -> HTTPResponse {
        let tag = "\"\(reference.hash)\""
        var headers: HTTPFields = [
            "content-type": reference.mimeType, "etag": tag, "accept-ranges": "bytes",
            "cache-control": "private, max-age=86400, immutable", "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "content-disposition": reference.disposition,
        ]
        if exchange.hasCopy(of: tag) { return HTTPResponse(status: 304, headers: headers) }
        let request = exchange.request.headers
        let length = Int(reference.bytes)
        let path = assets.path(of: reference.hash)
        // A part is only good for who has the rest of the same bytes.
        let wanted = request["if-range"].map { $0 == tag } ?? true ? request["range"] : nil
        switch ByteRange(wanted, of: length) {
        case .whole:
            return HTTPResponse(status: 200, headers: headers, body: .file(HTTPFileSlice(path: path, length: length)))
        case .unsatisfiable:
            var error = APIError(.rangeNotSatisfiable, "The media has \(length) bytes.")
            error.headers = ["content-range": "bytes */\(length)"]
            throw error
        case .part(let first, let count):
            headers["content-range"] = "bytes \(first)-\(first + count - 1)/\(length)"
            return HTTPResponse(
                status: 206,
                headers: headers,
                body: .file(HTTPFileSlice(path: path, offset: first, length: count))
            )
        }
    }

    // MARK: Parts

    private static var noMedia: APIError { APIError(.resourceNotFound, "Media not found", ["kind": "media"]) }

    /// The media that the path names, if the account that asks has it.
    private func owned(_ exchange: Exchange) async throws(APIError) -> MediaReference {
        let id: MediaID = try exchange.identifier(0, orElse: Self.noMedia)
        let account = exchange.account
        guard let found = try await reference({ try await self.assets.reference(id, of: account) }) else {
            throw Self.noMedia
        }
        return found
    }

    private func reference(
        _ look: () async throws -> MediaReference?
    ) async throws(APIError) -> MediaReference? {
        do {
            return try await look()
        } catch {
            throw Self.translate(error, limit: 0)
        }
    }

    private func item(_ asset: AssetRow, _ exchange: Exchange) -> JSON {
        let writer = ValueWriter(links: links, base: base(exchange), now: exchange.now)
        var object = writer.json(asset.reference).object ?? JSONObject()
        object["kind"] = .string(MediaKind(asset.reference).rawValue)
        object["createdAt"] = .string(asset.createdAt.description)
        return .object(object)
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
        default: return APIError(machine: error) ?? APIError(.internalError, "\(error)")
        }
    }
}

/// What media is, in one word; the raw value is the word on the wire.
enum MediaKind: String, CaseIterable {
    case image, video, audio, model, file

    init(_ media: MediaReference) {
        self = MediaKind(rawValue: String(media.mimeType.prefix { $0 != "/" })) ?? .file
    }
}

extension MediaReference {
    /// Whether a browser shows the media without running anything in it.
    private var isShown: Bool {
        switch portType {
        case .image: mimeType != "image/svg+xml"
        case .video, .audio: true
        default: mimeType == "application/pdf" || mimeType == "text/plain"
        }
    }

    /// The header field `Content-Disposition` (RFC 6266): what a browser would run as a page of ours is only saved.
    fileprivate var disposition: String {
        let word = isShown ? "inline" : "attachment"
        guard let name, !name.isEmpty else { return word }
        var escaped = ""
        for byte in name.utf8.prefix(200) {
            let character = Character(Unicode.Scalar(byte))
            if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
                escaped.append(character)
            } else {
                escaped += "%" + [byte].hex.uppercased()
            }
        }
        return "\(word); filename*=UTF-8''\(escaped)"
    }
}

extension Value {
    /// Whether it is, or holds, the media of a hash.
    fileprivate func holds(_ hash: ContentHash) -> Bool { media.contains { $0.hash == hash } }
}
