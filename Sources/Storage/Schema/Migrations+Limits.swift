extension Migrations {
    /// How many executions an account has started on a day, and which servers answer requests.
    static let limits = """
        CREATE TABLE quota_days (account_id {bytes} NOT NULL, day {integer} NOT NULL, used {integer} NOT NULL,
            PRIMARY KEY (account_id, day)) {clustered};
        ALTER TABLE workers ADD COLUMN serves_api {integer} NOT NULL DEFAULT 0;
        """
}
