public import Values

extension Database {
    // MARK: Executions

    /// The execution of that identifier.
    public func execution(_ id: ExecutionID) async throws(StorageError) -> ExecutionRow? {
        try await read { session throws(StorageError) in try session.execution(id) }
    }

    /// The executions of a workflow, newest first.
    ///
    /// - Parameters:
    ///   - workflow: The workflow.
    ///   - position: The last row of the page before.
    ///   - limit: The most rows.
    ///   - withResult: Whether the final states are wanted.
    /// - Returns: At most so many rows.
    /// - Throws: ``StorageError`` when the database fails.
    public func executions(
        of workflow: WorkflowID,
        after position: PagePosition?,
        limit: Int,
        withResult: Bool
    ) async throws(StorageError) -> [ExecutionRow] {
        try await read { session throws(StorageError) in
            try session.executions(of: workflow, after: position, limit: limit, withResult: withResult)
        }
    }

    /// The appends of a run that hold events after a number, oldest first.
    public func journal(
        of id: ExecutionID,
        after: Int64,
        limit: Int
    ) async throws(StorageError) -> [JournalEntry] {
        try await read { session throws(StorageError) in try session.journal(id, after: after, limit: limit) }
    }

    /// The unfinished runs after an identifier, in the order of their identifiers.
    public func liveRuns(after id: ExecutionID?, limit: Int) async throws(StorageError) -> [LiveRun] {
        try await read { session throws(StorageError) in try session.liveRuns(after: id, limit: limit) }
    }

    /// Takes over a run: from now on only appends of the epoch in the answer are accepted.
    ///
    /// - Returns: `nil` when the run is not unfinished.
    public func takeOver(_ id: ExecutionID) async throws(StorageError) -> LiveRun? {
        try await write { session throws(StorageError) in try session.takeOver(id) }
    }

    /// The stored form of a graph.
    public func graph(_ hash: ContentHash) async throws(StorageError) -> [UInt8]? {
        try await read { session throws(StorageError) in try session.graph(hash) }
    }

    // MARK: Signals

    /// Stores a signal to a run.
    public func post(_ signal: Signal, to execution: ExecutionID) async throws(StorageError) -> SignalResult {
        try await write { session throws(StorageError) in try session.post(signal, to: execution) }
    }

    /// The signals that wait for a run, in their order.
    public func signals(of execution: ExecutionID) async throws(StorageError) -> [Signal] {
        try await read { session throws(StorageError) in try session.signals(execution) }
    }

    // MARK: Workflows

    /// Stores a new workflow with its graph.
    public func insert(_ workflow: WorkflowRow, graph: StoredGraph) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.insert(workflow, graph: graph) }
    }

    /// Replaces a workflow if its stored revision is the one before.
    ///
    /// - Returns: Whether it was replaced.
    public func update(_ workflow: WorkflowRow, graph: StoredGraph?) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in try session.update(workflow, graph: graph) }
    }

    /// The workflow of that identifier.
    public func workflow(_ id: WorkflowID) async throws(StorageError) -> WorkflowRow? {
        try await read { session throws(StorageError) in try session.workflow(id) }
    }

    /// The workflows of an account, last updated first.
    ///
    /// - Parameters:
    ///   - account: The account.
    ///   - isActive: Keeps only those that may, or may not, be run.
    ///   - position: The last row of the page before.
    ///   - limit: The most rows.
    /// - Returns: At most so many rows.
    /// - Throws: ``StorageError`` when the database fails.
    public func workflows(
        of account: AccountID,
        isActive: Bool?,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [WorkflowRow] {
        try await read { session throws(StorageError) in
            try session.workflows(of: account, isActive: isActive, after: position, limit: limit)
        }
    }

    /// Removes a workflow; its executions stay.
    ///
    /// - Returns: Whether there was one.
    public func deleteWorkflow(_ id: WorkflowID, account: AccountID) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in try session.deleteWorkflow(id, account: account) }
    }

    // MARK: Keys

    /// The account of that name, made with the identifier if it is not there.
    public func account(
        named name: String,
        makingIt id: AccountID,
        at now: Instant
    ) async throws(StorageError) -> AccountID {
        try await write { session throws(StorageError) in try session.account(named: name, makingIt: id, at: now) }
    }

    /// Stores a new API key.
    ///
    /// - Throws: ``StorageError/conflict(what:)`` when the same key is there.
    public func insert(_ key: APIKeyRow) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.insert(key) }
    }

    /// The API key of that hash.
    public func apiKey(hash: ContentHash) async throws(StorageError) -> APIKeyRow? {
        try await read { session throws(StorageError) in try session.apiKey(hash: hash) }
    }

    /// The API keys of an account, oldest first.
    public func apiKeys(of account: AccountID) async throws(StorageError) -> [APIKeyRow] {
        try await read { session throws(StorageError) in try session.apiKeys(of: account) }
    }

    /// How many API keys there are.
    public func countAPIKeys() async throws(StorageError) -> Int64 {
        try await read { session throws(StorageError) in try session.countAPIKeys() }
    }

    /// Withdraws an API key.
    ///
    /// - Returns: Whether it was valid before.
    public func revokeAPIKey(_ id: APIKeyID, at now: Instant) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in try session.revokeAPIKey(id, at: now) }
    }

    /// Notes when an API key was last used.
    public func noteUse(of id: APIKeyID, at now: Instant) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.noteUse(of: id, at: now) }
    }

    /// A secret of the server by name, made from these bytes if it is not there.
    public func serverKey(_ name: String, makingIt bytes: [UInt8]) async throws(StorageError) -> [UInt8] {
        try await write { session throws(StorageError) in try session.serverKey(name, makingIt: bytes) }
    }

    // MARK: Media

    /// Announces bytes that are about to be written.
    ///
    /// - Returns: Whether they are new here.
    public func announce(_ reference: MediaReference, at now: Instant) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in try session.announce(reference, at: now) }
    }

    /// Marks media complete and gives it to an account, until a time or for ever.
    public func markUploaded(
        _ hash: ContentHash,
        account: AccountID,
        until time: Instant? = nil
    ) async throws(StorageError) {
        try await write { session throws(StorageError) in
            try session.markUploaded(hash, account: account, until: time)
        }
    }

    /// What is stored about some media.
    public func asset(_ id: MediaID) async throws(StorageError) -> AssetRow? {
        try await read { session throws(StorageError) in try session.asset(prefix: id.bytes) }
    }
}
