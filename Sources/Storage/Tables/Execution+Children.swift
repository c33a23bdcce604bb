public import Values

extension NewExecution {
    /// The execution that started another, and for what.
    public struct Parent: Sendable, Hashable {
        /// The parent.
        public var execution: ExecutionID
        /// The node run that waits for it, in its text form; empty for an item of a batch.
        public var address: String
        /// The place of the item in the batch.
        public var item: Int64?

        /// A parent with these facts.
        public init(execution: ExecutionID, address: String, item: Int64?) {
            self.execution = execution
            self.address = address
            self.item = item
        }
    }
}

extension SQLSession where Self: ~Copyable {
    /// Notes who started an execution, and the batch it is.
    mutating func insertFamily(of execution: NewExecution) throws(StorageError) {
        guard execution.parent != nil || execution.batch != nil else { return }
        try run(
            "UPDATE executions SET parent_id = ?2, parent_address = ?3, batch_index = ?4, batch_id = ?5 WHERE id = ?1",
            [
                .id(execution.id), .id(execution.parent?.execution), .optional(execution.parent?.address),
                .optional(execution.parent?.item), .optional(execution.batch),
            ]
        )
        // A run that starts nothing is found by its own identifier; the first child of one makes it a group.
        guard let parent = execution.parent, parent.item == nil, let batch = execution.group else { return }
        try label(parent.execution, batch: batch, of: execution.account)
    }

    /// Finds the parent of an execution under the group it has just got.
    mutating func label(_ parent: ExecutionID, batch: String, of account: AccountID) throws(StorageError) {
        let label = ExecutionFilter.Label.batch(batch)
        try run(
            """
            INSERT INTO execution_metadata (account_id, key, value, created_at, execution_id)
            SELECT account_id, CAST(?3 AS TEXT), CAST(?4 AS TEXT), created_at, id FROM executions
            WHERE id = ?1 AND account_id = ?2
            ON CONFLICT DO NOTHING
            """,
            [.id(parent), .id(account), .text(label.key), .text(label.value)]
        )
    }

    /// The executions that a batch has started, by their place in it.
    mutating func items(
        of parent: ExecutionID,
        from first: Int64,
        limit: Int
    ) throws(StorageError) -> [Int64: ExecutionRow] {
        var items: [Int64: ExecutionRow] = [:]
        for row in try rows(
            """
            SELECT \(ExecutionRow.columns), result, batch_index FROM executions
            WHERE parent_id = ?1 AND batch_index >= ?2 AND batch_index < ?3
            """,
            [.id(parent), .integer(first), .integer(first + Int64(limit))]
        ) {
            items[try row.integer(16)] = try ExecutionRow(row, withResult: true)
        }
        return items
    }

    mutating func completedItems(of parent: ExecutionID) throws(StorageError) -> Set<Int> {
        var items: Set<Int> = []
        for row in try rows(
            "SELECT batch_index FROM executions WHERE parent_id = ?1 AND batch_index >= 0 AND status = 'COMPLETED'",
            [.id(parent)]
        ) {
            items.insert(Int(try row.integer(0)))
        }
        return items
    }

    mutating func execution(ofBatch batch: String) throws(StorageError) -> ExecutionRow? {
        guard
            let row = try row(
                "SELECT \(ExecutionRow.columns), result FROM executions WHERE batch_id = ?1",
                [.text(batch)]
            )
        else { return nil }
        return try ExecutionRow(row, withResult: true)
    }

    mutating func workflows(of account: AccountID, named name: String) throws(StorageError) -> [WorkflowID] {
        var ids: [WorkflowID] = []
        for row in try rows(
            "SELECT id FROM workflows WHERE account_id = ?1 AND name = ?2 ORDER BY id LIMIT 2",
            [.id(account), .text(name)]
        ) {
            ids.append(try row.id(0))
        }
        return ids
    }
}

extension Database {
    /// The executions that a batch has started, by their place in it, from one place on.
    public func items(
        of parent: ExecutionID,
        from first: Int,
        limit: Int
    ) async throws(StorageError) -> [Int64: ExecutionRow] {
        try await read { session throws(StorageError) in
            try session.items(of: parent, from: Int64(first), limit: limit)
        }
    }

    /// The places of the items of a batch that have completed.
    public func completedItems(of parent: ExecutionID) async throws(StorageError) -> Set<Int> {
        try await read { session throws(StorageError) in try session.completedItems(of: parent) }
    }

    /// The execution that is the batch of that identifier.
    public func execution(ofBatch batch: String) async throws(StorageError) -> ExecutionRow? {
        try await read { session throws(StorageError) in try session.execution(ofBatch: batch) }
    }

    /// The workflows of an account that have a name; at most two, because one is wanted.
    public func workflows(of account: AccountID, named name: String) async throws(StorageError) -> [WorkflowID] {
        try await read { session throws(StorageError) in try session.workflows(of: account, named: name) }
    }
}
