extension Migrations {
    /// People, their accounts and sessions, keys that are rotated, and the record of who did what.
    static let people = """
        ALTER TABLE api_keys ADD COLUMN environment TEXT;
        ALTER TABLE api_keys ADD COLUMN is_test {integer} NOT NULL DEFAULT 0;
        ALTER TABLE api_keys ADD COLUMN created_by TEXT;
        ALTER TABLE api_keys ADD COLUMN rotated_at {integer};
        ALTER TABLE api_keys ADD COLUMN rotate_at {integer};
        CREATE INDEX api_keys_by_account ON api_keys (account_id, created_at DESC, id DESC);
        CREATE TABLE former_keys (hash {bytes} PRIMARY KEY, key_id {bytes} NOT NULL, valid_until {integer} NOT NULL)
            {clustered};
        CREATE INDEX former_keys_by_key ON former_keys (key_id);

        CREATE TABLE people (id {bytes} PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
            password TEXT NOT NULL, created_at {integer} NOT NULL);
        CREATE INDEX people_by_age ON people (created_at DESC, id DESC);
        CREATE TABLE members (account_id {bytes} NOT NULL, person_id {bytes} NOT NULL, role TEXT NOT NULL,
            created_at {integer} NOT NULL, PRIMARY KEY (account_id, person_id)) {clustered};
        CREATE INDEX members_by_age ON members (account_id, created_at DESC, person_id DESC);
        CREATE INDEX members_by_person ON members (person_id, created_at);
        CREATE TABLE invitations (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, email TEXT NOT NULL,
            role TEXT NOT NULL, token_hash {bytes} NOT NULL UNIQUE, created_by TEXT NOT NULL,
            created_at {integer} NOT NULL, expires_at {integer} NOT NULL, UNIQUE (account_id, email));
        CREATE INDEX invitations_by_account ON invitations (account_id, created_at DESC, id DESC);
        CREATE TABLE password_resets (person_id {bytes} PRIMARY KEY, token_hash {bytes} NOT NULL UNIQUE,
            expires_at {integer} NOT NULL);
        CREATE TABLE browser_sessions (hash {bytes} PRIMARY KEY, person_id {bytes} NOT NULL,
            account_id {bytes} NOT NULL, created_at {integer} NOT NULL, seen_at {integer} NOT NULL) {clustered};
        CREATE INDEX browser_sessions_by_person ON browser_sessions (person_id, created_at);
        CREATE INDEX browser_sessions_by_age ON browser_sessions (seen_at);
        CREATE TABLE sign_in_failures (subject TEXT PRIMARY KEY, failures {integer} NOT NULL,
            last_at {integer} NOT NULL, locked_until {integer} NOT NULL) {clustered};
        CREATE INDEX sign_in_failures_by_age ON sign_in_failures (last_at);

        CREATE TABLE audit (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, at {integer} NOT NULL,
            actor TEXT NOT NULL, address TEXT, action TEXT NOT NULL, resource TEXT, outcome TEXT NOT NULL,
            request_id TEXT, details {bytes} NOT NULL);
        CREATE INDEX audit_by_account ON audit (account_id, at DESC, id DESC);
        CREATE INDEX audit_by_actor ON audit (account_id, actor, at DESC, id DESC);
        CREATE INDEX audit_by_action ON audit (account_id, action, at DESC, id DESC);
        CREATE INDEX audit_by_age ON audit (at);
        """
}
