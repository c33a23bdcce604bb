extension Migrations {
    /// Who starts workflows from outside and by the clock, and who is told about what happens (data-model.md).
    ///
    /// `webhook_days` counts what the runs of a webhook may cost on a day: what they hold, then what they have cost.
    static let triggers = """
        CREATE TABLE webhooks (id {bytes} PRIMARY KEY, workflow_id {bytes} NOT NULL UNIQUE, account_id {bytes} NOT NULL,
            is_enabled {integer} NOT NULL, secret {bytes}, settings {bytes} NOT NULL, created_at {integer} NOT NULL,
            updated_at {integer} NOT NULL) {clustered};
        CREATE TABLE webhook_days (webhook_id {bytes} NOT NULL, day {integer} NOT NULL, nano {integer} NOT NULL,
            PRIMARY KEY (webhook_id, day)) {clustered};
        CREATE INDEX webhook_days_by_day ON webhook_days (day);

        CREATE TABLE schedules (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, workflow_id {bytes} NOT NULL,
            name TEXT NOT NULL, plan {bytes} NOT NULL, inputs {bytes} NOT NULL, is_active {integer} NOT NULL,
            next_at {integer}, due_at {integer}, queued {bytes}, running {bytes}, last_at {integer}, last_execution_id {bytes},
            skipped {integer} NOT NULL, problem TEXT, revision {integer} NOT NULL, created_at {integer} NOT NULL,
            updated_at {integer} NOT NULL);
        CREATE INDEX schedules_due ON schedules (due_at) WHERE due_at IS NOT NULL;
        CREATE INDEX schedules_by_account ON schedules (account_id, created_at DESC, id DESC);
        CREATE INDEX schedules_by_workflow ON schedules (workflow_id);
        CREATE UNIQUE INDEX schedules_by_name ON schedules (account_id, name);
        CREATE TABLE backfills (id {bytes} PRIMARY KEY, schedule_id {bytes} NOT NULL, account_id {bytes} NOT NULL,
            body {bytes} NOT NULL, status TEXT NOT NULL, total {integer} NOT NULL, started {integer} NOT NULL,
            completed {integer} NOT NULL, failed {integer} NOT NULL, skipped {integer} NOT NULL, next_at {integer},
            created_at {integer} NOT NULL, ended_at {integer});
        CREATE INDEX backfills_by_schedule ON backfills (schedule_id, created_at DESC, id DESC);

        CREATE TABLE callbacks (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, workflow_id {bytes},
            url TEXT NOT NULL, events {bytes} NOT NULL, secret {bytes} NOT NULL, is_active {integer} NOT NULL,
            disabled_reason TEXT, failing_since {integer}, failures {integer} NOT NULL, created_at {integer} NOT NULL,
            updated_at {integer} NOT NULL);
        CREATE INDEX callbacks_by_account ON callbacks (account_id, created_at DESC, id DESC);
        CREATE TABLE deliveries (id {bytes} PRIMARY KEY, callback_id {bytes} NOT NULL, account_id {bytes} NOT NULL,
            event_id {bytes} NOT NULL, execution_id {bytes}, workflow_id {bytes}, type TEXT NOT NULL,
            at {integer} NOT NULL, data {bytes} NOT NULL, status TEXT NOT NULL, attempts {integer} NOT NULL,
            response_code {integer}, duration_ms {integer}, error TEXT, created_at {integer} NOT NULL,
            last_attempt_at {integer}, next_attempt_at {integer}, UNIQUE (callback_id, event_id));
        CREATE INDEX deliveries_by_callback ON deliveries (callback_id, created_at DESC, id DESC);
        CREATE INDEX deliveries_by_age ON deliveries (created_at);
        """
}
