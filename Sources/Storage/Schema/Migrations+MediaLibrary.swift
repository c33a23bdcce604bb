extension Migrations {
    /// Which accounts have which media: what they have uploaded, and what their executions made or used.
    static let mediaLibrary = """
        CREATE TABLE account_media (account_id {bytes} NOT NULL, hash {bytes} NOT NULL, created_at {integer} NOT NULL,
            PRIMARY KEY (account_id, hash)) {clustered};
        CREATE INDEX account_media_by_age ON account_media (account_id, created_at DESC, hash DESC);
        CREATE INDEX account_media_by_hash ON account_media (hash);
        INSERT INTO account_media (account_id, hash, created_at)
            SELECT r.owner_id, a.hash, a.created_at FROM asset_refs AS r JOIN assets AS a ON a.hash = r.hash
            WHERE r.owner_kind = 'account';
        INSERT INTO account_media (account_id, hash, created_at)
            SELECT DISTINCT e.account_id, a.hash, a.created_at FROM asset_refs AS r
                JOIN assets AS a ON a.hash = r.hash JOIN executions AS e ON e.id = r.owner_id
            WHERE r.owner_kind = 'execution'
            ON CONFLICT DO NOTHING;
        """
}
