extension Migrations {
    /// What requests were answered that name themselves by a key.
    static let answers = """
        CREATE TABLE idempotency (account_id {bytes} NOT NULL, scope_hash {bytes} NOT NULL,
            fingerprint {bytes} NOT NULL, status {integer} NOT NULL, location TEXT, body {bytes} NOT NULL,
            expires_at {integer} NOT NULL, PRIMARY KEY (account_id, scope_hash)) {clustered};
        CREATE INDEX idempotency_by_end ON idempotency (expires_at);
        """
}
