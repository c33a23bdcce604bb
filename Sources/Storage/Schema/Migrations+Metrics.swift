extension Migrations {
    /// What ended runs add up to, by the hour of their end, and the words under which executions are found
    /// (data-model.md).
    static let metrics = """
        CREATE TABLE run_stats_hourly (account_id {bytes} NOT NULL, is_test {integer} NOT NULL,
            hour {integer} NOT NULL, workflow_id {bytes} NOT NULL, status TEXT NOT NULL, bucket {integer} NOT NULL,
            runs {integer} NOT NULL, nano {integer} NOT NULL, credits {integer} NOT NULL,
            PRIMARY KEY (account_id, is_test, hour, workflow_id, status, bucket)) {clustered};
        CREATE INDEX run_stats_by_hour ON run_stats_hourly (hour);
        CREATE TABLE node_stats_hourly (account_id {bytes} NOT NULL, is_test {integer} NOT NULL,
            hour {integer} NOT NULL, workflow_id {bytes} NOT NULL, node_id TEXT NOT NULL, node_type TEXT NOT NULL,
            model TEXT NOT NULL, bucket {integer} NOT NULL, runs {integer} NOT NULL, errors {integer} NOT NULL,
            retries {integer} NOT NULL, fallbacks {integer} NOT NULL, nano {integer} NOT NULL,
            credits {integer} NOT NULL, judged {integer} NOT NULL, quality_micro {integer} NOT NULL,
            PRIMARY KEY (account_id, is_test, hour, workflow_id, node_id, node_type, model, bucket)) {clustered};
        CREATE INDEX node_stats_by_hour ON node_stats_hourly (hour);
        CREATE TABLE execution_metadata (account_id {bytes} NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
            created_at {integer} NOT NULL, execution_id {bytes} NOT NULL,
            PRIMARY KEY (account_id, key, value, created_at, execution_id)) {clustered};
        CREATE INDEX execution_metadata_by_execution ON execution_metadata (execution_id);
        ALTER TABLE executions ADD COLUMN phase TEXT;
        CREATE TABLE alerts (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, is_default {integer} NOT NULL,
            is_active {integer} NOT NULL, rule {bytes} NOT NULL, firing_id {bytes}, revision {integer} NOT NULL,
            created_at {integer} NOT NULL, updated_at {integer} NOT NULL, next_at {integer} NOT NULL);
        CREATE INDEX alerts_by_account ON alerts (account_id, created_at DESC, id DESC);
        CREATE INDEX alerts_due ON alerts (next_at) WHERE is_active = 1;
        CREATE TABLE alert_firings (id {bytes} PRIMARY KEY, alert_id {bytes} NOT NULL, account_id {bytes} NOT NULL,
            rule {bytes} NOT NULL, value {bytes} NOT NULL, fired_at {integer} NOT NULL, resolved_at {integer});
        CREATE INDEX alert_firings_by_account ON alert_firings (account_id, fired_at DESC, id DESC);
        CREATE INDEX alert_firings_by_alert ON alert_firings (alert_id, fired_at DESC, id DESC);
        CREATE INDEX alert_firings_by_age ON alert_firings (fired_at);
        CREATE INDEX live_waiting ON live (wait_kind) WHERE owner IS NULL AND wait_kind IS NOT NULL;
        """
}
