import EventLoop
import HTTPValues
import Storage
import Values
import Workflows

extension APIServer {
    /// POST /workflows/{id}/versions: keeps the draft as the next numbered version.
    func createVersion(_ exchange: Exchange) async throws -> Reply {
        let fields = try Fields(try await exchange.object(), known: VersionNote.fields + ["baseUpdatedAt"])
        let note = try VersionNote(fields)
        return try await whileOthersWrite(exchange) { row in
            try checkBase(row, fields, exchange)
            let draft = try await version(of: row, note, exchange, strictly: false)
            let location = "/api/v1/workflows/\(row.id)/versions/\(draft.new.row.version)"
            var body = json(draft.new.row, of: row)
            body["warnings"] = .array(draft.findings.map(\.json) + fields.warnings)
            let reply = Reply.json(.object(body), status: 201, headers: ["location": location])
            let answer = exchange.answer(reply, location: location)
            let isStored = try await storedVersion {
                try await self.database.insert(draft.new, revision: row.revision, answering: answer)
            }
            return isStored ? reply : nil
        }
    }

    /// GET /workflows/{id}/versions: newest first.
    func listVersions(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        let limit = try exchange.integer("limit", 1...100, orElse: 20)
        let position = try exchange.query("cursor").map(cursors.decode)
        if let position, position.id != row.id.bytes {
            throw APIError(.invalidCursor, "The cursor is not one of this list; leave it out to begin at the start.")
        }
        let versions = try await stored {
            try await self.database.versions(
                of: row.id,
                below: position?.time.microseconds ?? .max,
                limit: limit + 1
            )
        }
        var next: JSON = .null
        if versions.count > limit, let last = versions.prefix(limit).last {
            let place = PagePosition(time: Instant(microseconds: last.version), id: row.id.bytes)
            next = .string(cursors.encode(place))
        }
        return .json([
            "data": .array(versions.prefix(limit).map { .object(json($0, of: row)) }), "nextCursor": next,
            "hasMore": .bool(versions.count > limit),
        ])
    }

    /// GET /workflows/{id}/versions/{v}: one, with its graph and what it keeps to.
    func getVersion(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        let version = try await version(exchange, of: row)
        let record = try await record(version.graph)
        let locked = try await self.record(version.locked)
        var object = json(version, of: row)
        object["workflowId"] = .string(row.id.description)
        object["settings"] = record["settings"] ?? .object(JSONObject())
        object["nodes"] = record["nodes"]
        object["edges"] = record["edges"]
        object["lock"] = locked["lock"] ?? .object(JSONObject())
        return .json(.object(object))
    }

    /// POST /workflows/{id}/versions/{v}/restore: makes the draft equal to a version.
    func restoreVersion(_ exchange: Exchange) async throws -> Reply {
        let old = try await workflow(exchange)
        let fields = try Fields(try await exchange.object(), known: ["baseUpdatedAt"])
        try checkBase(old, fields, exchange)
        let version = try await version(exchange, of: old)
        var row = old
        row.draft = version.graph
        let changed = try await update(old, to: row, graph: nil, exchange)
        return try resource(
            changed,
            try await draft(of: changed),
            status: 200,
            findings: [],
            warnings: fields.warnings
        )
    }

    /// GET /workflows/{id}/versions/diff: what makes one version another.
    func diffVersions(_ exchange: Exchange) async throws -> Reply {
        let row = try await workflow(exchange)
        func side(_ name: String) async throws -> WorkflowDocument {
            guard let word = exchange.query(name) else {
                throw APIError.field(name, "is missing: a number, a tag, \"draft\" or \"published\"")
            }
            let choice: VersionChoice
            do throws(APIError) {
                choice = try VersionChoice(word)
            } catch {
                throw APIError.field(name, "must be a number, a tag, \"draft\" or \"published\"")
            }
            return try await document(choice, of: row)
        }
        let (from, to) = (try await side("from"), try await side("to"))
        return .json(try await pool.run { GraphDiff(from: from, to: to).json })
    }

    /// A workflow as a file holds it, in one of its versions.
    func document(_ choice: VersionChoice, of row: WorkflowRow) async throws -> WorkflowDocument {
        var hash = row.draft
        switch choice {
        case .draft, .standard: break
        case .published:
            let published = try await starter.saved(.published, of: row)
            guard let version = published.version else { break }
            hash = try await starter.saved(.named(.number(version)), of: row).written
        case .named: hash = try await starter.saved(choice, of: row).written
        }
        do {
            return WorkflowDocument(
                name: row.name,
                description: row.description,
                tags: row.tags,
                isActive: row.isActive,
                graph: try Graph(record: try await record(hash))
            )
        } catch let error as GraphError {
            throw APIError(graph: error)
        }
    }

    // MARK: Parts

    /// Does something with the newest state of the workflow that the path names, again while others are faster.
    func whileOthersWrite(
        _ exchange: Exchange,
        _ body: (WorkflowRow) async throws -> Reply?
    ) async throws -> Reply {
        var row = try await workflow(exchange)
        for _ in 0..<5 {
            if let reply = try await body(row) { return reply }
            row = try await workflow(exchange)
        }
        throw Self.stale(row, base: nil)
    }

    /// Stores a version; the only thing that can be there already is its tag.
    func storedVersion(_ body: () async throws -> Bool) async throws -> Bool {
        do {
            return try await body()
        } catch StorageError.conflict {
            throw APIError(
                .nameTaken,
                "The workflow has a version with this tag. A tag never moves; choose another one.",
                ["param": "tag"]
            )
        } catch let error as StorageError {
            throw APIError(storage: error)
        }
    }

    /// The version that the path names.
    private func version(_ exchange: Exchange, of row: WorkflowRow) async throws -> VersionRow {
        let name: VersionName
        switch try? VersionChoice(exchange.parameters[1]) {
        case .named(let found): name = found
        case .published:
            guard let published = row.published else { throw RunStarter.noVersion }
            name = .number(published.version)
        case .draft, .standard, nil: throw RunStarter.noVersion
        }
        guard let version = try await stored({ try await self.database.version(name, of: row.id) }) else {
            throw RunStarter.noVersion
        }
        return version
    }

    private func record(_ hash: ContentHash) async throws -> JSON {
        guard let body = try await stored({ try await self.database.graph(hash) }) else {
            throw APIError(.internalError, "The graph of the version is missing.")
        }
        return try JSON(parsing: body)
    }

    /// A version without its graph (contract §12).
    func json(_ version: VersionRow, of row: WorkflowRow) -> JSONObject {
        [
            "version": .int(version.version), "tag": version.tag.map(JSON.string) ?? .null,
            "message": .string(version.message), "createdAt": .string(version.createdAt.description),
            "createdBy": .string(version.createdBy), "checksum": .string("sha256:\(version.graph)"),
            "isPublished": .bool(row.published?.version == version.version),
        ]
    }
}
