public import Values

/// Something of the account that a workflow names.
public struct WorkflowUse: Sendable, Hashable, Comparable {
    /// What it is.
    public enum Kind: String, Sendable, Hashable {
        /// A secret.
        case secret
        /// A variable.
        case variable
        /// A credential, by its identifier or its name.
        case credential
    }

    /// What it is.
    public var kind: Kind
    /// Its name.
    public var name: String

    /// A thing of that name.
    public init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    /// By kind, then by name.
    public static func < (left: WorkflowUse, right: WorkflowUse) -> Bool {
        (left.kind.rawValue, left.name) < (right.kind.rawValue, right.name)
    }
}

extension Database {
    /// The workflows of an account whose draft names something by one of these names, at most `limit` of each.
    public func workflows(
        using kind: WorkflowUse.Kind,
        _ names: [String],
        of account: AccountID,
        limit: Int = 100
    ) async throws(StorageError) -> [WorkflowID] {
        try await read { session throws(StorageError) in
            var ids: [WorkflowID] = []
            for name in names {
                for row in try session.rows(
                    """
                    SELECT workflow_id FROM workflow_uses WHERE account_id = ?1 AND kind = ?2 AND name = ?3
                    ORDER BY workflow_id LIMIT ?4
                    """,
                    [.id(account), .text(kind.rawValue), .text(name), .integer(Int64(limit))]
                ) {
                    let id: WorkflowID = try row.id(0)
                    if !ids.contains(id) { ids.append(id) }
                }
            }
            return ids
        }
    }
}

extension SQLSession where Self: ~Copyable {
    /// Keeps what the draft of a workflow names.
    mutating func keep(
        _ uses: [WorkflowUse],
        of workflow: WorkflowID,
        _ account: AccountID,
        isNew: Bool
    ) throws(StorageError) {
        if !isNew { try run("DELETE FROM workflow_uses WHERE workflow_id = ?1", [.id(workflow)]) }
        for use in uses {
            try run(
                """
                INSERT INTO workflow_uses (account_id, kind, name, workflow_id) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT DO NOTHING
                """,
                [.id(account), .text(use.kind.rawValue), .text(use.name), .id(workflow)]
            )
        }
    }
}
