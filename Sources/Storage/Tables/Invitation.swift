public import Values

/// An invitation to an account by a link that can be used once.
public struct Invitation: Sendable {
    /// The identifier.
    public var id: InvitationID
    /// The account.
    public var account: AccountID
    /// Who is invited, in lower case.
    public var email: String
    /// What the person may do there.
    public var role: MemberRole
    /// The SHA-256 of the token in the link.
    public var tokenHash: ContentHash
    /// Who invites.
    public var createdBy: String
    /// When it was made.
    public var createdAt: Instant
    /// Until when it can be accepted.
    public var expiresAt: Instant

    /// An invitation of these facts.
    public init(
        id: InvitationID,
        account: AccountID,
        email: String,
        role: MemberRole,
        tokenHash: ContentHash,
        createdBy: String,
        createdAt: Instant,
        expiresAt: Instant
    ) {
        self.id = id
        self.account = account
        self.email = email
        self.role = role
        self.tokenHash = tokenHash
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    fileprivate static let select = """
        SELECT id, account_id, email, role, token_hash, created_by, created_at, expires_at FROM invitations
        """

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        guard let role = MemberRole(rawValue: try row.text(3)) else { throw .damaged(what: "role of an invitation") }
        self.init(
            id: try row.id(0),
            account: try row.id(1),
            email: try row.text(2),
            role: role,
            tokenHash: try row.hash(4),
            createdBy: try row.text(5),
            createdAt: try row.time(6),
            expiresAt: try row.time(7)
        )
    }
}

extension SQLSession where Self: ~Copyable {
    /// Stores an invitation in the place of an earlier one of the same person.
    mutating func insert(_ invitation: Invitation) throws(StorageError) {
        if let person = try person(email: invitation.email),
            try member(person.id, of: invitation.account) != nil
        {
            throw .conflict(what: "a member \(invitation.email)")
        }
        try run(
            "DELETE FROM invitations WHERE account_id = ?1 AND email = ?2",
            [.id(invitation.account), .text(invitation.email)]
        )
        try run(
            """
            INSERT INTO invitations (id, account_id, email, role, token_hash, created_by, created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            [
                .id(invitation.id), .id(invitation.account), .text(invitation.email),
                .text(invitation.role.rawValue), .hash(invitation.tokenHash), .text(invitation.createdBy),
                .time(invitation.createdAt), .time(invitation.expiresAt),
            ]
        )
    }

    mutating func invitations(
        of account: AccountID,
        after: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [Invitation] {
        var invitations: [Invitation] = []
        for row in try rows(
            """
            \(Invitation.select) WHERE account_id = ?1 AND (created_at, id) < (?2, ?3)
            ORDER BY created_at DESC, id DESC LIMIT ?4
            """,
            [
                .id(account), .integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []),
                .integer(Int64(limit)),
            ]
        ) {
            invitations.append(try Invitation(row))
        }
        return invitations
    }

    mutating func invitation(token: ContentHash) throws(StorageError) -> Invitation? {
        let row = try row("\(Invitation.select) WHERE token_hash = ?1", [.hash(token)])
        return try row.map { row throws(StorageError) in try Invitation(row) }
    }

    /// Takes an invitation away.
    mutating func deleteInvitation(_ id: InvitationID, of account: AccountID) throws(StorageError) -> Bool {
        try run("DELETE FROM invitations WHERE id = ?1 AND account_id = ?2", [.id(id), .id(account)]) == 1
    }
}
