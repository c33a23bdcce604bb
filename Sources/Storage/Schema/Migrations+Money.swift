extension Migrations {
    /// What was paid, held and used, what accounts have, and what they may spend (data-model.md).
    ///
    /// `run_holds` says what a run may still spend out of a purse: its account's credits, or a budget of that period.
    static let money = """
        CREATE TABLE ledger (execution_id {bytes} NOT NULL, n {integer} NOT NULL, at {integer} NOT NULL,
            account_id {bytes} NOT NULL, workflow_id {bytes} NOT NULL, key_id {bytes}, customer TEXT, kind TEXT NOT NULL,
            nano {integer} NOT NULL, credits {integer} NOT NULL, address TEXT, attempt {integer}, node_id TEXT,
            node_type TEXT, provider TEXT, offer TEXT, model TEXT, price_id {bytes}, reference TEXT,
            tokens_in {integer} NOT NULL, tokens_out {integer} NOT NULL, images {integer} NOT NULL,
            milliseconds {integer} NOT NULL, pixels {integer} NOT NULL, PRIMARY KEY (execution_id, n)) {clustered};
        CREATE INDEX ledger_by_account ON ledger (account_id, at DESC, execution_id DESC, n DESC);
        CREATE INDEX ledger_paid ON ledger (at, execution_id, n) WHERE kind IN ('settle', 'late');

        CREATE TABLE usage_daily (account_id {bytes} NOT NULL, day {integer} NOT NULL, workflow_id {bytes} NOT NULL,
            node_type TEXT NOT NULL, model TEXT NOT NULL, key_id {bytes} NOT NULL, customer TEXT NOT NULL,
            runs {integer} NOT NULL, attempts {integer} NOT NULL, nano {integer} NOT NULL, credits {integer} NOT NULL,
            tokens_in {integer} NOT NULL, tokens_out {integer} NOT NULL, images {integer} NOT NULL,
            milliseconds {integer} NOT NULL, pixels {integer} NOT NULL,
            PRIMARY KEY (account_id, day, workflow_id, node_type, model, key_id, customer)) {clustered};

        CREATE TABLE account_money (account_id {bytes} PRIMARY KEY, balance {integer} NOT NULL,
            reserved {integer} NOT NULL) {clustered};
        CREATE TABLE credit_grants (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, at {integer} NOT NULL,
            credits {integer} NOT NULL, note TEXT NOT NULL) {clustered};
        CREATE INDEX credit_grants_by_account ON credit_grants (account_id, at DESC, id DESC);

        CREATE TABLE budgets (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, name TEXT NOT NULL,
            scope TEXT NOT NULL, target TEXT NOT NULL, period TEXT NOT NULL, unit TEXT NOT NULL,
            amount {integer} NOT NULL, is_hard {integer} NOT NULL, warn_percent {integer} NOT NULL,
            created_at {integer} NOT NULL, updated_at {integer} NOT NULL) {clustered};
        CREATE INDEX budgets_by_account ON budgets (account_id, created_at DESC, id DESC);
        CREATE TABLE budget_periods (budget_id {bytes} NOT NULL, start {integer} NOT NULL, reserved {integer} NOT NULL,
            spent {integer} NOT NULL, warned_at {integer}, PRIMARY KEY (budget_id, start)) {clustered};
        CREATE TABLE budget_alerts (id {bytes} PRIMARY KEY, budget_id {bytes} NOT NULL, account_id {bytes} NOT NULL,
            start {integer} NOT NULL, spent {integer} NOT NULL, amount {integer} NOT NULL, at {integer} NOT NULL,
            taken_at {integer}) {clustered};
        CREATE INDEX budget_alerts_open ON budget_alerts (at) WHERE taken_at IS NULL;

        CREATE TABLE run_holds (execution_id {bytes} NOT NULL, purse {bytes} NOT NULL, start {integer} NOT NULL,
            held {integer} NOT NULL, PRIMARY KEY (execution_id, purse, start)) {clustered};
        CREATE TABLE money_waits (execution_id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL,
            since {integer} NOT NULL) {clustered};
        CREATE INDEX money_waits_by_account ON money_waits (account_id, since);

        ALTER TABLE live ADD COLUMN has_holds {integer} NOT NULL DEFAULT 0;
        ALTER TABLE executions ADD COLUMN customer TEXT;
        """

    /// Budgets tell their subscribers by the outbox, when they are nearly spent and when they are.
    static let budgetEvents = """
        ALTER TABLE budget_periods ADD COLUMN exceeded_at {integer};
        DROP TABLE budget_alerts;
        """
}
