extension Migrations {
    /// Children of executions, what is to be delivered, and what people are asked to decide (data-model.md).
    static let waits = """
        ALTER TABLE executions ADD COLUMN parent_id {bytes};
        ALTER TABLE executions ADD COLUMN parent_address TEXT;
        ALTER TABLE executions ADD COLUMN batch_index {integer};
        ALTER TABLE executions ADD COLUMN batch_id TEXT;
        CREATE INDEX executions_by_parent ON executions (parent_id, batch_index) WHERE parent_id IS NOT NULL;
        CREATE UNIQUE INDEX executions_by_batch ON executions (batch_id) WHERE batch_id IS NOT NULL;

        CREATE TABLE outbox (id {bytes} PRIMARY KEY, execution_id {bytes} NOT NULL, kind TEXT NOT NULL,
            due_at {integer} NOT NULL, claimed_until {integer} NOT NULL, attempts {integer} NOT NULL,
            body {bytes} NOT NULL) {clustered};
        CREATE INDEX outbox_due ON outbox (due_at);
        CREATE INDEX outbox_claimed ON outbox (claimed_until) WHERE claimed_until > 0;

        CREATE TABLE approvals (id {bytes} PRIMARY KEY, execution_id {bytes} NOT NULL, account_id {bytes} NOT NULL,
            workflow_id {bytes} NOT NULL, address TEXT NOT NULL, node_id TEXT NOT NULL, status TEXT NOT NULL,
            request {bytes} NOT NULL, created_at {integer} NOT NULL, expires_at {integer}, decided_by TEXT,
            decided_at {integer}, comment TEXT, data {bytes});
        CREATE INDEX approvals_by_account ON approvals (account_id, created_at DESC, id DESC);
        CREATE INDEX approvals_by_status ON approvals (account_id, status, created_at DESC, id DESC);
        CREATE INDEX approvals_by_execution ON approvals (execution_id);
        """
}
