public import Values

extension Database {
    /// Stores the next version of a workflow, and publishes it where the next revision of the workflow says so.
    ///
    /// - Parameters:
    ///   - version: The version.
    ///   - revision: The revision of the workflow whose draft it is.
    ///   - workflow: The next revision of the workflow; `nil` leaves it as it is.
    ///   - answer: What the request is answered that makes it.
    /// - Returns: Whether it was stored; otherwise the workflow has changed, or another version came first.
    /// - Throws: ``StorageError/conflict(what:)`` when its tag is taken, ``StorageError/answered``, or what else fails.
    public func insert(
        _ version: NewVersion,
        revision: Int64,
        publishing workflow: WorkflowRow? = nil,
        answering answer: StoredAnswer? = nil
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            guard try session.insert(version, revision: revision) else { return false }
            if let answer { try session.insert(answer) }
            guard let workflow else { return true }
            return try session.update(workflow, graph: nil)
        }
    }

    /// One version of a workflow.
    public func version(_ name: VersionName, of workflow: WorkflowID) async throws(StorageError) -> VersionRow? {
        try await read { session throws(StorageError) in try session.version(name, of: workflow) }
    }

    /// The versions of a workflow below a number, newest first, at most so many.
    public func versions(
        of workflow: WorkflowID,
        below number: Int64,
        limit: Int
    ) async throws(StorageError) -> [VersionRow] {
        try await read { session throws(StorageError) in
            try session.versions(of: workflow, below: number, limit: limit)
        }
    }

    /// The bodies of those of the manifests that are stored.
    public func manifests(_ hashes: [ContentHash]) async throws(StorageError) -> [ContentHash: [UInt8]] {
        try await read { session throws(StorageError) in
            var bodies: [ContentHash: [UInt8]] = [:]
            for hash in hashes { bodies[hash] = try session.manifest(hash) }
            return bodies
        }
    }
}
