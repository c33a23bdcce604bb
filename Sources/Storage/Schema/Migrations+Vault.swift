extension Migrations {
    /// What is sealed, with the keys that seal it, the variables of accounts, and which workflows name which of them.
    static let vault = """
        CREATE TABLE data_keys (number {integer} PRIMARY KEY, master_id {bytes} NOT NULL, wrapped {bytes} NOT NULL,
            created_at {integer} NOT NULL) {clustered};
        CREATE TABLE vault_revision (id {integer} PRIMARY KEY, revision {integer} NOT NULL) {clustered};
        INSERT INTO vault_revision (id, revision) VALUES (1, 1);

        CREATE TABLE credentials (id {bytes} PRIMARY KEY, account_id {bytes} NOT NULL, provider TEXT NOT NULL,
            name TEXT NOT NULL, environment TEXT, sealed {bytes} NOT NULL, fields {bytes} NOT NULL, base_url TEXT,
            vars {bytes} NOT NULL, is_default {integer} NOT NULL, rotate_at {integer}, expires_at {integer},
            created_at {integer} NOT NULL, updated_at {integer} NOT NULL, last_used_at {integer},
            UNIQUE (account_id, name));
        CREATE INDEX credentials_by_account ON credentials (account_id, created_at DESC, id DESC);

        CREATE TABLE secrets (account_id {bytes} NOT NULL, name TEXT NOT NULL, sealed {bytes} NOT NULL,
            hosts {bytes} NOT NULL, created_at {integer} NOT NULL, updated_at {integer} NOT NULL,
            PRIMARY KEY (account_id, name)) {clustered};
        CREATE INDEX secrets_by_account ON secrets (account_id, created_at DESC, name DESC);

        CREATE TABLE vars (account_id {bytes} NOT NULL, name TEXT NOT NULL, value {bytes} NOT NULL,
            created_at {integer} NOT NULL, updated_at {integer} NOT NULL, PRIMARY KEY (account_id, name)) {clustered};
        CREATE INDEX vars_by_account ON vars (account_id, created_at DESC, name DESC);

        CREATE TABLE workflow_uses (account_id {bytes} NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
            workflow_id {bytes} NOT NULL, PRIMARY KEY (account_id, kind, name, workflow_id)) {clustered};
        CREATE INDEX workflow_uses_by_workflow ON workflow_uses (workflow_id);
        """
}
