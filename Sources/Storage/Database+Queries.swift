public import Values

extension Database {
    // MARK: Executions

    /// The execution of that identifier.
    public func execution(_ id: ExecutionID) async throws(StorageError) -> ExecutionRow? {
        try await read { session throws(StorageError) in try session.execution(id) }
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

    // MARK: Ownership

    /// Where an unfinished run stands; `nil` when it is not unfinished.
    public func liveRun(_ id: ExecutionID) async throws(StorageError) -> LiveRun? {
        try await read { session throws(StorageError) in try session.liveRun(id) }
    }

    /// Lets a run wait outside of memory, unless it has moved on or signals wait for it.
    ///
    /// - Returns: Whether it waits there now; until it is claimed, nobody's appends are accepted.
    public func park(
        _ run: LiveRun,
        until wakeAt: Instant,
        for wait: (kind: String, since: Instant)?
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in try session.park(run, until: wakeAt, for: wait) }
    }

    /// How long it is until the next of the runs that wait outside of memory is to be worked on by a server with these
    /// labels, by the database's clock; `nil` when none waits.
    public func nextWake(labels: [String] = []) async throws(StorageError) -> Duration? {
        try await read { session throws(StorageError) in try session.nextWake(labels: labels) }
    }

    /// Gives a batch of runs to this server; its lease must hold.
    ///
    /// - Parameters:
    ///   - kind: Which runs.
    ///   - labels: What this server can do that not every one can.
    ///   - limit: The most runs.
    ///   - lease: How long others are respected.
    /// - Returns: The runs with their new epochs.
    /// - Throws: ``StorageError`` when the database fails.
    public func claim(
        _ kind: ClaimKind,
        labels: [String],
        limit: Int,
        _ lease: Lease = .standard
    ) async throws(StorageError) -> [LiveRun] {
        let worker = worker
        return try await write { session throws(StorageError) in
            try session.claim(kind, for: worker, labels: labels, limit: limit, lease)
        }
    }

    /// Gives a run to this server unless another one works on it.
    ///
    /// - Returns: Who works on it now; `nil` when it is not unfinished.
    public func claim(_ id: ExecutionID, _ lease: Lease = .standard) async throws(StorageError) -> Possession? {
        let worker = worker
        return try await write { session throws(StorageError) in try session.claim(id, for: worker, lease) }
    }

    /// Leaves all runs of this server to the others.
    public func release() async throws(StorageError) {
        let worker = worker
        try await write { session throws(StorageError) in try session.release(worker) }
    }

    /// Notes that this server lives.
    ///
    /// - Returns: Its share of what all servers that answer requests may let through.
    @discardableResult
    public func renew(
        _ lease: Lease,
        labels: [String],
        version: String,
        servesAPI: Bool = true
    ) async throws(StorageError) -> LimitShare {
        let worker = worker
        return try await write { session throws(StorageError) in
            try session.renew(worker, life: lease.life, labels: labels, version: version, servesAPI: servesAPI)
            return try session.share(of: worker)
        }
    }

    /// The servers whose lease has ended and that have left runs behind.
    public func lapsedWorkers(_ lease: Lease = .standard) async throws(StorageError) -> [WorkerID] {
        try await read { session throws(StorageError) in try session.lapsedWorkers(lease) }
    }

    /// Whether there may be something to claim.
    public func hasWork(_ lease: Lease = .standard) async throws(StorageError) -> Bool {
        try await read { session throws(StorageError) in try session.hasWork(lease) }
    }

    /// Forgets servers that ended long ago.
    public func forgetWorkers() async throws(StorageError) {
        try await write { session throws(StorageError) in try session.forgetWorkers() }
    }

    /// The runs of this server, and those that wait outside of memory, that have signals waiting.
    public func signalled() async throws(StorageError) -> [ExecutionID] {
        let worker = worker
        return try await read { session throws(StorageError) in try session.signalled(ownedBy: worker) }
    }

    /// Tells another server something, or all of them; it may be lost.
    public func send(_ hint: Hint, to worker: WorkerID?) async throws(StorageError) {
        guard isShared else { return }
        try await write { session throws(StorageError) in try session.send(hint, to: worker) }
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
    ///
    /// - Throws: ``StorageError/answered`` when the request that makes it was answered before.
    public func insert(
        _ workflow: WorkflowRow,
        graph: StoredGraph,
        answering answer: StoredAnswer? = nil
    ) async throws(StorageError) {
        try await write(answering: answer) { session throws(StorageError) in
            try session.insert(workflow, graph: graph)
        }
    }

    /// The answer that a request got before, unless that is longer ago than a day.
    public func answer(_ name: StoredAnswer.Name, at now: Instant) async throws(StorageError) -> StoredAnswer? {
        try await read { session throws(StorageError) in try session.answer(name, at: now) }
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

    /// Removes a workflow with its versions and its app; its executions stay.
    ///
    /// - Parameters:
    ///   - id: The workflow.
    ///   - account: The account it belongs to.
    ///   - revision: The revision it must still have; `nil` for any.
    /// - Returns: Whether there was one.
    /// - Throws: ``StorageError`` when the database fails.
    public func deleteWorkflow(
        _ id: WorkflowID,
        account: AccountID,
        revision: Int64? = nil
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            try session.deleteWorkflow(id, account: account, revision: revision)
        }
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
