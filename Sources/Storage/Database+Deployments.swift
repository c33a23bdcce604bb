public import Values

extension Database {
    /// Makes all changes of a deployment and its record, or none.
    ///
    /// - Throws: ``StorageError/fenced`` when a workflow has changed meanwhile, ``StorageError/answered`` when the request
    ///   was answered before.
    public func deploy(
        _ changes: [DeploymentChange],
        as deployment: DeploymentRow,
        answering answer: StoredAnswer? = nil
    ) async throws(StorageError) {
        try await write { session throws(StorageError) in
            if let answer { try session.insert(answer) }
            for change in changes { try session.apply(change, account: deployment.account) }
            try session.insert(deployment)
        }
    }

    /// Takes a deployment back with all of these changes, or changes nothing.
    ///
    /// - Returns: Whether it had not been taken back before.
    /// - Throws: ``StorageError/fenced`` when a workflow has changed meanwhile.
    public func takeBack(
        _ deployment: DeploymentRow,
        _ changes: [DeploymentChange],
        at now: Instant
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            guard try session.takeBack(deployment.id, at: now) else { return false }
            for change in changes { try session.apply(change, account: deployment.account) }
            return true
        }
    }

    /// The deployment of that identifier.
    public func deployment(_ id: DeploymentID) async throws(StorageError) -> DeploymentRow? {
        try await read { session throws(StorageError) in try session.deployment(id) }
    }

    /// The deployments of an account, newest first, at most so many.
    public func deployments(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [DeploymentRow] {
        try await read { session throws(StorageError) in
            try session.deployments(of: account, after: position, limit: limit)
        }
    }
}
