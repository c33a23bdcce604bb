extension Migrations {
    /// The servers that work on the database, and which of them owns which unfinished run.
    ///
    /// `session` and `commits` tell a server after a broken connection whether its last commit has happened.
    static let workers = """
        CREATE TABLE workers (owner {bytes} PRIMARY KEY, lease_until {integer} NOT NULL, labels TEXT NOT NULL,
            version TEXT NOT NULL, session {bytes}, commits {integer} NOT NULL) {clustered};
        ALTER TABLE live ADD COLUMN label TEXT;
        ALTER TABLE live ADD COLUMN priority {integer} NOT NULL DEFAULT 0;
        ALTER TABLE live ADD COLUMN wait_kind TEXT;
        ALTER TABLE live ADD COLUMN wait_since {integer};
        DROP INDEX live_parked;
        CREATE INDEX live_free ON live (wake_at) WHERE owner IS NULL;
        CREATE INDEX live_owned ON live (owner) WHERE owner IS NOT NULL;
        """
}
