extension Migrations {
    /// When ended executions and media are due to go, and how far the sweep has come (data-model.md).
    static let retention = """
        ALTER TABLE executions ADD COLUMN keep_until {integer};
        CREATE INDEX executions_due ON executions (keep_until) WHERE keep_until IS NOT NULL;
        CREATE INDEX assets_due ON assets (keep_until) WHERE keep_until IS NOT NULL;
        CREATE INDEX outbox_by_execution ON outbox (execution_id);
        CREATE TABLE sweeps (class TEXT PRIMARY KEY, ended_at {integer} NOT NULL, execution_id {bytes} NOT NULL)
            {clustered};
        UPDATE assets SET keep_until = created_at + 86400000000 WHERE state <> 'stored';
        """
}
