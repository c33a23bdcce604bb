public import Values

extension Database {
    // MARK: Set-up

    /// Whether anybody can sign in.
    public func hasPeople() async throws(StorageError) -> Bool {
        try await read { session throws(StorageError) in try session.hasPeople() }
    }

    /// Stores the first person of all as an owner, with a session.
    ///
    /// - Returns: Whether there was nobody before; else nothing is stored.
    public func insertFirst(
        _ member: MemberRow,
        _ session: BrowserSession,
        recording record: AuditRecord
    ) async throws(StorageError) -> Bool {
        try await write { transaction throws(StorageError) in
            guard try !transaction.hasPeople() else { return false }
            // Of servers that do this at the same moment, the first one's row holds.
            let mine = member.person.id.bytes
            guard try transaction.serverKey("first person", makingIt: mine) == mine else { return false }
            try transaction.insert(member)
            try transaction.insert(session)
            try transaction.insert(record)
            return true
        }
    }

    // MARK: Accounts and members

    /// The account of that identifier.
    public func account(_ id: AccountID) async throws(StorageError) -> AccountRow? {
        try await read { session throws(StorageError) in try session.accountRow(id) }
    }

    /// Gives an account another name.
    public func rename(_ id: AccountID, to name: String, recording record: AuditRecord) async throws(StorageError) {
        try await write { session throws(StorageError) in
            try session.run("UPDATE accounts SET name = ?2 WHERE id = ?1", [.id(id), .text(name)])
            try session.insert(record)
        }
    }

    /// Everybody who can sign in, newest first.
    public func people(after position: PagePosition?, limit: Int) async throws(StorageError) -> [PersonRow] {
        try await read { session throws(StorageError) in try session.people(after: position, limit: limit) }
    }

    /// The person with that address of mail.
    public func person(email: String) async throws(StorageError) -> PersonRow? {
        try await read { session throws(StorageError) in try session.person(email: email) }
    }

    /// A member of an account.
    public func member(_ person: PersonID, of account: AccountID) async throws(StorageError) -> MemberRow? {
        try await read { session throws(StorageError) in try session.member(person, of: account) }
    }

    /// The membership that is a person's longest.
    public func firstMembership(of person: PersonID) async throws(StorageError) -> MemberRow? {
        try await read { session throws(StorageError) in try session.firstMembership(of: person) }
    }

    /// The members of an account, newest first.
    ///
    /// - Parameters:
    ///   - account: The account.
    ///   - position: The last row of the page before.
    ///   - limit: The most rows.
    /// - Returns: At most so many rows.
    /// - Throws: ``StorageError`` when the database fails.
    public func members(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [MemberRow] {
        try await read { session throws(StorageError) in
            try session.members(of: account, after: position, limit: limit)
        }
    }

    /// Gives a member another role, or with `nil` ends the membership; the other servers are told.
    public func change(
        _ person: PersonID,
        of account: AccountID,
        to role: MemberRole?,
        recording record: AuditRecord
    ) async throws(StorageError) -> MemberChange {
        try await write { session throws(StorageError) in
            let change = try session.change(person, of: account, to: role)
            if change == .done { try session.insert(record) }
            return change
        }
    }

    // MARK: Invitations

    /// Stores an invitation in the place of an earlier one of the same person.
    ///
    /// - Throws: ``StorageError/conflict(what:)`` when the person is a member.
    public func insert(
        _ invitation: Invitation,
        recording record: AuditRecord,
        answering answer: StoredAnswer?
    ) async throws(StorageError) {
        try await write { session throws(StorageError) in
            if let answer { try session.insert(answer) }
            try session.insert(invitation)
            try session.insert(record)
        }
    }

    /// The invitations of an account, newest first.
    ///
    /// - Parameters:
    ///   - account: The account.
    ///   - position: The last row of the page before.
    ///   - limit: The most rows.
    /// - Returns: At most so many rows.
    /// - Throws: ``StorageError`` when the database fails.
    public func invitations(
        of account: AccountID,
        after position: PagePosition?,
        limit: Int
    ) async throws(StorageError) -> [Invitation] {
        try await read { session throws(StorageError) in
            try session.invitations(of: account, after: position, limit: limit)
        }
    }

    /// The invitation whose link holds a token of that hash.
    public func invitation(token: ContentHash) async throws(StorageError) -> Invitation? {
        try await read { session throws(StorageError) in try session.invitation(token: token) }
    }

    /// Takes an invitation away.
    ///
    /// - Returns: Whether there was one.
    public func deleteInvitation(
        _ id: InvitationID,
        of account: AccountID,
        recording record: AuditRecord
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            let isDeleted = try session.deleteInvitation(id, of: account)
            if isDeleted { try session.insert(record) }
            return isDeleted
        }
    }

    /// Uses an invitation up: makes a new person, or one who is there, a member, with a session.
    ///
    /// - Returns: Whether the invitation was still there; else nothing is stored.
    public func accept(
        _ invitation: Invitation,
        _ member: MemberRow,
        isNew: Bool,
        _ session: BrowserSession,
        recording record: AuditRecord
    ) async throws(StorageError) -> Bool {
        try await write { transaction throws(StorageError) in
            guard try transaction.deleteInvitation(invitation.id, of: invitation.account) else { return false }
            if isNew { try transaction.insert(member) } else { try transaction.join(member) }
            try transaction.insert(session)
            try transaction.insert(record)
            return true
        }
    }

    // MARK: Signing in

    /// Counts a try to sign in, for a person and for an address, before it is known to fail.
    ///
    /// - Returns: Until when no try is allowed; `nil` when this one is.
    public func countSignIn(
        person: String,
        address: String,
        at now: Instant
    ) async throws(StorageError) -> Instant? {
        try await write { session throws(StorageError) in
            let longest = Duration.seconds(900)
            let patience = SignInPatience(free: 10, longest: longest)
            if let until = try session.countSignIn(for: person, patience, at: now) { return until }
            let many = SignInPatience(free: 50, longest: longest)
            guard let until = try session.countSignIn(for: address, many, at: now) else { return nil }
            try session.uncountSignIn(for: person)
            return until
        }
    }

    /// Begins a session, and forgets the failures before it.
    public func signIn(
        _ session: BrowserSession,
        person: String,
        address: String,
        recording record: AuditRecord
    ) async throws(StorageError) {
        try await write { transaction throws(StorageError) in
            try transaction.forgetSignIns(of: person)
            try transaction.uncountSignIn(for: address)
            try transaction.insert(session)
            try transaction.insert(record)
        }
    }

    /// Forgets failures, because somebody has proved to know the password.
    public func forgetSignIns(person: String, address: String) async throws(StorageError) {
        try await write { session throws(StorageError) in
            try session.forgetSignIns(of: person)
            try session.uncountSignIn(for: address)
        }
    }

    /// The session whose token has that hash, while the person is a member.
    public func browserSession(hash: ContentHash) async throws(StorageError) -> BrowserSession? {
        try await read { session throws(StorageError) in try session.browserSession(hash: hash) }
    }

    /// Notes when a session was last used, to a few minutes.
    public func noteUse(ofSession hash: ContentHash, at now: Instant) async throws(StorageError) {
        try await write { session throws(StorageError) in try session.noteUse(ofSession: hash, at: now) }
    }

    /// Ends a session; the other servers are told.
    public func endBrowserSession(_ hash: ContentHash, recording record: AuditRecord) async throws(StorageError) {
        try await write { session throws(StorageError) in
            try session.endBrowserSession(hash)
            try session.insert(record)
        }
    }

    // MARK: Passwords

    /// Gives a person another password and ends the sessions but one; the other servers are told.
    public func setPassword(
        _ password: String,
        of person: PersonID,
        keeping session: ContentHash?,
        recording record: AuditRecord
    ) async throws(StorageError) -> Bool {
        try await write { transaction throws(StorageError) in
            let isSet = try transaction.setPassword(password, of: person, keeping: session)
            if isSet { try transaction.insert(record) }
            return isSet
        }
    }

    /// Stores the hash of the token of a link that lets a person choose a new password once.
    public func insertReset(
        _ token: ContentHash,
        of person: PersonID,
        until time: Instant,
        recording record: AuditRecord?
    ) async throws(StorageError) {
        try await write { session throws(StorageError) in
            try session.run(
                """
                INSERT INTO password_resets (person_id, token_hash, expires_at) VALUES (?1, ?2, ?3)
                ON CONFLICT (person_id) DO UPDATE SET token_hash = excluded.token_hash, expires_at = excluded.expires_at
                """,
                [.id(person), .hash(token), .time(time)]
            )
            try session.insert(record)
        }
    }

    /// Uses the token of such a link up: gives the person another password and ends all sessions.
    ///
    /// - Returns: Whether the token was still there; else nothing is stored.
    public func usePasswordReset(
        _ token: ContentHash,
        _ password: String,
        of person: PersonID,
        recording record: AuditRecord
    ) async throws(StorageError) -> Bool {
        try await write { session throws(StorageError) in
            let used = try session.run(
                "DELETE FROM password_resets WHERE person_id = ?1 AND token_hash = ?2",
                [.id(person), .hash(token)]
            )
            guard used == 1, try session.setPassword(password, of: person, keeping: nil) else { return false }
            try session.insert(record)
            return true
        }
    }

    /// Who may choose a new password with a token of that hash now.
    public func personToReset(_ token: ContentHash, at now: Instant) async throws(StorageError) -> PersonID? {
        try await read { session throws(StorageError) in
            let row = try session.row(
                "SELECT person_id FROM password_resets WHERE token_hash = ?1 AND expires_at > ?2",
                [.hash(token), .time(now)]
            )
            return try row?.id(0)
        }
    }
}
