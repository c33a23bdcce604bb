extension Migrations {
    /// The jobs that vendors have, so that a restart finds those that outlive their run (data-model.md).
    static let openAttempts = """
        CREATE TABLE open_attempts (execution_id {bytes} NOT NULL, address TEXT NOT NULL, attempt {integer} NOT NULL,
            state TEXT NOT NULL, offer TEXT NOT NULL, provider TEXT NOT NULL, job_id TEXT,
            reserved_nano {integer} NOT NULL, deadline_at {integer} NOT NULL, body {bytes} NOT NULL,
            PRIMARY KEY (execution_id, address, attempt)) {clustered};
        CREATE INDEX open_attempts_abandoned ON open_attempts (deadline_at) WHERE state = 'abandoned';
        CREATE INDEX open_attempts_by_provider ON open_attempts (provider);
        ALTER TABLE executions ADD COLUMN settled_at {integer};
        """
}
