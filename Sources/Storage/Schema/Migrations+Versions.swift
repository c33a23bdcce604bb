extension Migrations {
    /// Numbered versions of workflows and which of them is published, apps, and what deployments changed (data-model.md).
    static let versions = """
        ALTER TABLE workflows ADD COLUMN last_version {integer} NOT NULL DEFAULT 0;
        ALTER TABLE workflows ADD COLUMN published_version {integer};
        ALTER TABLE workflows ADD COLUMN published_hash {bytes};
        CREATE TABLE versions (workflow_id {bytes} NOT NULL, version {integer} NOT NULL, graph_hash {bytes} NOT NULL,
            locked_hash {bytes} NOT NULL, tag TEXT, message TEXT NOT NULL, created_at {integer} NOT NULL,
            created_by TEXT NOT NULL, PRIMARY KEY (workflow_id, version)) {clustered};
        CREATE UNIQUE INDEX versions_by_tag ON versions (workflow_id, tag) WHERE tag IS NOT NULL;

        CREATE TABLE apps (slug TEXT PRIMARY KEY, account_id {bytes} NOT NULL, workflow_id {bytes} NOT NULL UNIQUE,
            body {bytes} NOT NULL, created_at {integer} NOT NULL, updated_at {integer} NOT NULL) {clustered};
        CREATE INDEX apps_by_account ON apps (account_id, created_at DESC, workflow_id DESC);
        CREATE TABLE app_days (workflow_id {bytes} NOT NULL, day {integer} NOT NULL, runs {integer} NOT NULL,
            nano {integer} NOT NULL, PRIMARY KEY (workflow_id, day)) {clustered};

        CREATE TABLE deployments (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, created_at {integer} NOT NULL,
            created_by TEXT NOT NULL, message TEXT NOT NULL, body {bytes} NOT NULL, rolled_back_at {integer});
        CREATE INDEX deployments_by_account ON deployments (account_id, created_at DESC, id DESC);
        """
}
