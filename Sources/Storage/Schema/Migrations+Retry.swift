extension Migrations {
    /// Dead letters, results of calls for equal ones, runs that ended their process, states of long runs, and what
    /// runs hold of their budget.
    static let retry = """
        CREATE TABLE dead_letters (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, kind TEXT NOT NULL,
            workflow_id {bytes}, execution_id {bytes}, node_id TEXT, address TEXT, reason TEXT NOT NULL,
            error {bytes} NOT NULL, attempts {integer} NOT NULL, payload {bytes} NOT NULL,
            created_at {integer} NOT NULL, status TEXT NOT NULL, retried_as {bytes}) {clustered};
        CREATE INDEX dead_letters_by_account ON dead_letters (account_id, created_at DESC, id DESC);
        CREATE INDEX dead_letters_by_execution ON dead_letters (execution_id) WHERE execution_id IS NOT NULL;

        CREATE TABLE cache (account_id {bytes} NOT NULL, key {bytes} NOT NULL, value {bytes} NOT NULL,
            cost_nano {integer} NOT NULL, execution_id {bytes} NOT NULL, created_at {integer} NOT NULL,
            expires_at {integer} NOT NULL, PRIMARY KEY (account_id, key)) {clustered};
        CREATE INDEX cache_by_age ON cache (created_at);

        CREATE TABLE crashed_runs (execution_id {bytes} PRIMARY KEY, crashes {integer} NOT NULL,
            at {integer} NOT NULL) {clustered};

        CREATE TABLE snapshots (execution_id {bytes} PRIMARY KEY, seq {integer} NOT NULL, body {bytes} NOT NULL)
            {clustered};

        ALTER TABLE live ADD COLUMN reserved_nano {integer} NOT NULL DEFAULT 0;
        """
}
