public import Values

/// What a member may do in an account; the raw value is the word on the wire.
public enum MemberRole: String, Sendable, Hashable, CaseIterable {
    /// Everything, also to name other owners.
    case owner
    /// Everything but to name owners.
    case admin
    /// Makes and runs workflows.
    case editor
    /// Runs workflows, decides and looks after what failed.
    case `operator`
    /// Looks.
    case viewer
}

/// A person who can sign in.
public struct PersonRow: Sendable {
    /// The identifier.
    public var id: PersonID
    /// The address of mail, in lower case: how the person signs in.
    public var email: String
    /// The name for people.
    public var name: String
    /// The hash of the password.
    public var password: String
    /// When the person was added.
    public var createdAt: Instant

    /// A person of these facts.
    public init(id: PersonID, email: String, name: String, password: String, createdAt: Instant) {
        self.id = id
        self.email = email
        self.name = name
        self.password = password
        self.createdAt = createdAt
    }

    fileprivate static let columns = "p.id, p.email, p.name, p.password, p.created_at"

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        self.init(
            id: try row.id(0),
            email: try row.text(1),
            name: try row.text(2),
            password: try row.text(3),
            createdAt: try row.time(4)
        )
    }
}

/// A person in an account.
public struct MemberRow: Sendable {
    /// The person.
    public var person: PersonRow
    /// The account.
    public var account: AccountID
    /// What the person may do there.
    public var role: MemberRole
    /// Since when.
    public var createdAt: Instant

    /// A membership of these facts.
    public init(person: PersonRow, account: AccountID, role: MemberRole, createdAt: Instant) {
        self.person = person
        self.account = account
        self.role = role
        self.createdAt = createdAt
    }

    fileprivate static let select = """
        SELECT \(PersonRow.columns), m.account_id, m.role, m.created_at
        FROM members m JOIN people p ON p.id = m.person_id
        """

    fileprivate init(_ row: SQLRow) throws(StorageError) {
        guard let role = MemberRole(rawValue: try row.text(6)) else { throw .damaged(what: "role of a member") }
        self.init(person: try PersonRow(row), account: try row.id(5), role: role, createdAt: try row.time(7))
    }
}

/// What became of a change of a member.
public enum MemberChange: Sendable, Hashable {
    /// It is done.
    case done
    /// There is no such member.
    case unknown
    /// An account keeps one owner.
    case lastOwner
}

extension SQLSession where Self: ~Copyable {
    mutating func accountRow(_ id: AccountID) throws(StorageError) -> AccountRow? {
        let row = try row("SELECT id, name, plan, created_at FROM accounts WHERE id = ?1", [.id(id)])
        return try row.map { row throws(StorageError) in
            AccountRow(id: try row.id(0), name: try row.text(1), plan: try row.text(2), createdAt: try row.time(3))
        }
    }

    /// Stores a person and the first membership.
    mutating func insert(_ member: MemberRow) throws(StorageError) {
        let person = member.person
        try run(
            "INSERT INTO people (id, email, name, password, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            [
                .id(person.id), .text(person.email), .text(person.name), .text(person.password),
                .time(person.createdAt),
            ]
        )
        try join(member)
    }

    /// Makes a person a member.
    mutating func join(_ member: MemberRow) throws(StorageError) {
        try run(
            "INSERT INTO members (account_id, person_id, role, created_at) VALUES (?1, ?2, ?3, ?4)",
            [.id(member.account), .id(member.person.id), .text(member.role.rawValue), .time(member.createdAt)]
        )
    }

    mutating func hasPeople() throws(StorageError) -> Bool { try row("SELECT 1 FROM people LIMIT 1", []) != nil }

    mutating func person(email: String) throws(StorageError) -> PersonRow? {
        let row = try row("SELECT \(PersonRow.columns) FROM people p WHERE p.email = ?1", [.text(email)])
        return try row.map { row throws(StorageError) in try PersonRow(row) }
    }

    /// Everybody who can sign in, newest first.
    mutating func people(after: PagePosition?, limit: Int) throws(StorageError) -> [PersonRow] {
        var people: [PersonRow] = []
        for row in try rows(
            """
            SELECT \(PersonRow.columns) FROM people p WHERE (p.created_at, p.id) < (?1, ?2)
            ORDER BY p.created_at DESC, p.id DESC LIMIT ?3
            """,
            [.integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []), .integer(Int64(limit))]
        ) {
            people.append(try PersonRow(row))
        }
        return people
    }

    mutating func member(_ person: PersonID, of account: AccountID) throws(StorageError) -> MemberRow? {
        let row = try row(
            "\(MemberRow.select) WHERE m.account_id = ?1 AND m.person_id = ?2",
            [.id(account), .id(person)]
        )
        return try row.map { row throws(StorageError) in try MemberRow(row) }
    }

    /// The members of an account, newest first.
    mutating func members(
        of account: AccountID,
        after: PagePosition?,
        limit: Int
    ) throws(StorageError) -> [MemberRow] {
        var members: [MemberRow] = []
        for row in try rows(
            """
            \(MemberRow.select) WHERE m.account_id = ?1 AND (m.created_at, m.person_id) < (?2, ?3)
            ORDER BY m.created_at DESC, m.person_id DESC LIMIT ?4
            """,
            [
                .id(account), .integer(after?.time.microseconds ?? .max), .blob(after?.id ?? []),
                .integer(Int64(limit)),
            ]
        ) {
            members.append(try MemberRow(row))
        }
        return members
    }

    /// The membership that is a person's longest.
    mutating func firstMembership(of person: PersonID) throws(StorageError) -> MemberRow? {
        let row = try row(
            "\(MemberRow.select) WHERE m.person_id = ?1 ORDER BY m.created_at LIMIT 1",
            [.id(person)]
        )
        return try row.map { row throws(StorageError) in try MemberRow(row) }
    }

    /// Gives a member another role, or ends the membership; other servers are told.
    mutating func change(
        _ person: PersonID,
        of account: AccountID,
        to role: MemberRole?
    ) throws(StorageError) -> MemberChange {
        // Whoever changes owners waits for those who do so at the same time.
        let owners = try rows(
            "SELECT person_id FROM members WHERE account_id = ?1 AND role = 'owner' ORDER BY person_id \(dialect.locked)",
            [.id(account)]
        )
        guard try member(person, of: account) != nil else { return .unknown }
        if role != .owner, owners.count == 1, owners[0].columns[0] == .id(person) { return .lastOwner }
        if let role {
            try run(
                "UPDATE members SET role = ?3 WHERE account_id = ?1 AND person_id = ?2",
                [.id(account), .id(person), .text(role.rawValue)]
            )
        } else {
            try run(
                "DELETE FROM members WHERE account_id = ?1 AND person_id = ?2",
                [.id(account), .id(person)]
            )
            try run(
                "DELETE FROM browser_sessions WHERE person_id = ?1 AND account_id = ?2",
                [.id(person), .id(account)]
            )
            if try firstMembership(of: person) == nil {
                try run("DELETE FROM password_resets WHERE person_id = ?1", [.id(person)])
                try run("DELETE FROM people WHERE id = ?1", [.id(person)])
            }
        }
        try send(.access, to: nil)
        return .done
    }

    /// Gives a person another password and ends the sessions but one; other servers are told.
    mutating func setPassword(
        _ password: String,
        of person: PersonID,
        keeping session: ContentHash?
    ) throws(StorageError) -> Bool {
        let changed = try run("UPDATE people SET password = ?2 WHERE id = ?1", [.id(person), .text(password)])
        guard changed == 1 else { return false }
        try run(
            "DELETE FROM browser_sessions WHERE person_id = ?1 AND hash <> ?2",
            [.id(person), session.map { .hash($0) } ?? .blob([])]
        )
        try run("DELETE FROM password_resets WHERE person_id = ?1", [.id(person)])
        try send(.access, to: nil)
        return true
    }
}
