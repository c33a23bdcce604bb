/// The numbered steps that build the tables; they only go forward, and a released one never changes.
enum Migrations {
    static let all: [String] = [
        migration1, workers, retry, waits, openAttempts, retention, answers, versions, metrics, limits, people, vault,
        triggers, money, mediaLibrary, budgetEvents,
    ]

    /// The accounts, workflows, executions with their journal, assets and keys (data-model.md).
    private static let migration1 = """
        CREATE TABLE graphs (hash {bytes} PRIMARY KEY, body {bytes} NOT NULL) {clustered};
        CREATE TABLE manifests (hash {bytes} PRIMARY KEY, kind TEXT NOT NULL, body {bytes} NOT NULL) {clustered};

        CREATE TABLE accounts (id {bytes} PRIMARY KEY, name TEXT NOT NULL, plan TEXT NOT NULL,
            created_at {integer} NOT NULL) {clustered};
        CREATE TABLE api_keys (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, hash {bytes} NOT NULL UNIQUE,
            name TEXT NOT NULL, last4 TEXT NOT NULL, scopes TEXT NOT NULL, created_at {integer} NOT NULL,
            expires_at {integer}, revoked_at {integer}, last_used_at {integer});
        CREATE TABLE server_keys (name TEXT PRIMARY KEY, secret {bytes} NOT NULL) {clustered};

        CREATE TABLE workflows (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, name TEXT NOT NULL,
            description TEXT NOT NULL, tags {bytes} NOT NULL, is_active {integer} NOT NULL,
            draft_hash {bytes} NOT NULL, viewport {bytes}, revision {integer} NOT NULL,
            created_at {integer} NOT NULL, updated_at {integer} NOT NULL);
        CREATE INDEX workflows_by_update ON workflows (account_id, updated_at DESC, id DESC);
        CREATE TABLE workflow_stats (workflow_id {bytes} PRIMARY KEY, executions {integer} NOT NULL,
            last_executed_at {integer} NOT NULL) {clustered};

        CREATE TABLE executions (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, workflow_id {bytes} NOT NULL,
            version {integer}, revision {integer}, graph_hash {bytes} NOT NULL, trigger TEXT NOT NULL, key_id {bytes},
            created_at {integer} NOT NULL, ended_at {integer}, status TEXT NOT NULL, error_code TEXT, failed_node TEXT,
            spent_nano {integer} NOT NULL, result {bytes});
        CREATE INDEX executions_by_workflow ON executions (workflow_id, created_at DESC, id DESC);
        CREATE INDEX executions_by_account ON executions (account_id, created_at DESC, id DESC);
        CREATE INDEX executions_failed ON executions (account_id, created_at DESC, id DESC) WHERE status = 'FAILED';
        CREATE INDEX executions_ended ON executions (ended_at) WHERE ended_at IS NOT NULL;

        CREATE TABLE live (execution_id {bytes} PRIMARY KEY, epoch {integer} NOT NULL, seq {integer} NOT NULL,
            owner {bytes}, wake_at {integer}) {clustered};
        CREATE INDEX live_parked ON live (wake_at) WHERE owner IS NULL;
        CREATE TABLE journal (execution_id {bytes} NOT NULL, seq {integer} NOT NULL, last {integer} NOT NULL,
            epoch {integer} NOT NULL, body {bytes} NOT NULL, PRIMARY KEY (execution_id, seq)) {clustered};
        CREATE TABLE inbox (execution_id {bytes} NOT NULL, id {bytes} NOT NULL, kind TEXT NOT NULL,
            dedupe TEXT NOT NULL, at {integer} NOT NULL, body {bytes} NOT NULL, PRIMARY KEY (execution_id, id),
            UNIQUE (execution_id, dedupe)) {clustered};

        CREATE TABLE assets (hash {bytes} PRIMARY KEY, bytes {integer} NOT NULL, mime TEXT NOT NULL,
            meta {bytes} NOT NULL, state TEXT NOT NULL, created_at {integer} NOT NULL, keep_until {integer})
            {clustered};
        CREATE TABLE asset_refs (hash {bytes} NOT NULL, owner_kind TEXT NOT NULL, owner_id {bytes} NOT NULL,
            PRIMARY KEY (owner_kind, owner_id, hash)) {clustered};
        CREATE INDEX asset_refs_by_hash ON asset_refs (hash);
        """
}
