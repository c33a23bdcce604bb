public import Values

extension Database {
    /// Stores the app of a workflow in the place of a former one.
    ///
    /// - Returns: Whether it is the first one of the workflow.
    /// - Throws: ``StorageError/conflict(what:)`` when another app has the address.
    public func put(_ app: AppRow) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in try session.put(app) }
    }

    /// The app of that address.
    public func app(slug: String) async throws(StorageError) -> AppRow? {
        try await read { session throws(StorageError) in try session.app(slug: slug) }
    }

    /// The app of a workflow.
    public func app(of workflow: WorkflowID) async throws(StorageError) -> AppRow? {
        try await read { session throws(StorageError) in try session.app(of: workflow) }
    }

    /// The apps of an account, newest first, at most so many.
    public func apps(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [AppRow] {
        try await read { session throws(StorageError) in try session.apps(of: account, after: position, limit: limit) }
    }

    /// Removes the app of a workflow.
    ///
    /// - Returns: Whether there was one.
    public func deleteApp(of workflow: WorkflowID) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in try session.deleteApp(of: workflow) }
    }

    /// Takes one run from what strangers may have of an app on a day.
    ///
    /// - Parameters:
    ///   - workflow: The workflow of the app.
    ///   - day: The number of the day since 1970.
    ///   - cost: The most that the run may cost.
    ///   - allowance: What may be had of the day.
    /// - Returns: Whether so much was left; otherwise nothing is taken.
    /// - Throws: ``StorageError`` when the database fails.
    public func takeAppRun(
        of workflow: WorkflowID,
        day: Int64,
        costing cost: Money,
        within allowance: AppAllowance
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            try session.takeAppRun(of: workflow, day: day, costing: cost, within: allowance)
        }
    }
}
