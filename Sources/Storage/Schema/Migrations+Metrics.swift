extension Migrations {
    /// What ended runs add up to, by the hour of their end (data-model.md).
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
        CREATE INDEX live_waiting ON live (wait_kind) WHERE owner IS NULL AND wait_kind IS NOT NULL;
        """
}
