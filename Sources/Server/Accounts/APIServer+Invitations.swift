import Crypto
import HTTPServer
import HTTPValues
import Storage
import Values

extension APIServer {
    private static let invitationLife = Duration.seconds(7 * 86_400)

    /// GET /account/invitations.
    func listInvitations(_ exchange: Exchange) async throws -> Reply {
        let (limit, position) = try page(exchange)
        let rows = try await stored {
            try await self.database.invitations(of: exchange.account, after: position, limit: limit + 1)
        }
        return list(
            rows,
            limit,
            { .object(self.describe($0)) },
            at: { PagePosition(time: $0.createdAt, id: $0.id.bytes) }
        )
    }

    /// POST /account/invitations: the link is shown only here.
    func createInvitation(_ exchange: Exchange) async throws -> Reply {
        let fields = try await SignInFields(exchange, known: ["email", "role"])
        let email = try fields.email()
        let role = try fields.role()
        try exchange.requireAll(role.scopes)
        let (token, hash) = try OneTimeToken.make()
        var random = SystemRandomNumberGenerator()
        let invitation = Invitation(
            id: InvitationID(at: exchange.now, random: &random),
            account: exchange.account,
            email: email,
            role: role,
            tokenHash: hash,
            createdBy: exchange.principal?.actor ?? "",
            createdAt: exchange.now,
            expiresAt: exchange.now + Self.invitationLife
        )
        var object = describe(invitation)
        object["url"] = .string("\(base(exchange))/invitation?token=\(token)")
        let reply = Reply.json(.object(object), status: 201)
        let record = exchange.audit(
            invitation.id.description,
            ["email": .string(email), "role": .string(role.rawValue)]
        )
        do {
            try await database.insert(
                invitation,
                recording: record,
                answering: exchange.answer(reply, location: nil)
            )
        } catch {
            if case .conflict = error {
                throw APIError(.alreadyMember, "\(email) is a member already. Change the role of the member instead.")
            }
            throw APIError(storage: error)
        }
        return reply
    }

    /// DELETE /account/invitations/{id}.
    func deleteInvitation(_ exchange: Exchange) async throws -> Reply {
        let missing = APIError(.resourceNotFound, "Invitation not found", ["kind": "invitation"])
        let id: InvitationID = try exchange.identifier(0, orElse: missing)
        let record = exchange.audit(id.description)
        let isDeleted = try await stored {
            try await self.database.deleteInvitation(id, of: exchange.account, recording: record)
        }
        guard isDeleted else { throw missing }
        return .empty()
    }

    /// GET /invitation at the root: the page of a link.
    func showInvitation(_ exchange: Exchange) async throws -> Reply {
        let page = AccountPage(
            title: "Join on Millrace",
            text: "Choose a password. Who has one here already enters that.",
            action: "/api/v1/account/invitations/accept",
            button: "Join",
            fields: [.token(exchange.query("token")), .name, .newPassword]
        )
        return .raw(page.response())
    }

    /// GET /reset-password at the root: the page of a link.
    func showPasswordReset(_ exchange: Exchange) async throws -> Reply {
        let page = AccountPage(
            title: "Choose a new password",
            text: "All sessions end.",
            action: "/api/v1/auth/password-reset",
            button: "Save",
            fields: [.token(exchange.query("token")), .newPassword]
        )
        return .raw(page.response())
    }

    /// POST /account/invitations/accept: makes the person, or lets one who is there join with the own password.
    func acceptInvitation(_ exchange: Exchange) async throws -> Reply {
        let fields = try await SignInFields(exchange, known: ["token", "name", "password"])
        let token = try fields.text("token")
        let used = APIError(.invalidAccessToken, "The invitation is not valid any more. Ask for a new one.")
        guard let hash = KeyRing.hash(of: token),
            let invitation = try await stored({ try await self.database.invitation(token: hash) }),
            invitation.expiresAt > exchange.now
        else { throw used }
        let known = try await stored { try await self.database.person(email: invitation.email) }
        let person: PersonRow
        if let known {
            let password = try fields.text("password", atMost: PasswordHash.longestPassword)
            guard try await passwords.verify(known.password, is: password) else {
                throw APIError(.invalidCredentials, "\(invitation.email) has another password here.")
            }
            person = known
        } else {
            var random = SystemRandomNumberGenerator()
            person = PersonRow(
                id: PersonID(at: exchange.now, random: &random),
                email: invitation.email,
                name: try fields.name(),
                password: try await passwords.hash(try fields.newPassword()),
                createdAt: exchange.now
            )
        }
        let member = MemberRow(
            person: person,
            account: invitation.account,
            role: invitation.role,
            createdAt: exchange.now
        )
        let (sessionToken, session) = try Self.newSession(member, at: exchange.now)
        let record = exchange.audit(
            invitation.id.description,
            ["role": .string(invitation.role.rawValue)],
            by: (invitation.account, person.id.description)
        )
        let isAccepted: Bool
        do {
            isAccepted = try await database.accept(
                invitation,
                member,
                isNew: known == nil,
                session,
                recording: record
            )
        } catch {
            if case .conflict = error { throw used }
            throw APIError(storage: error)
        }
        guard isAccepted else { throw used }
        return signedIn(session, sessionToken, exchange, status: 201)
    }

    private func describe(_ row: Invitation) -> JSONObject {
        [
            "id": .string(row.id.description), "email": .string(row.email), "role": .string(row.role.rawValue),
            "createdBy": .string(row.createdBy), "createdAt": .string(row.createdAt.description),
            "expiresAt": .string(row.expiresAt.description),
        ]
    }
}

extension SignInFields {
    /// The role that somebody gets.
    func role() throws(APIError) -> MemberRole { try APIServer.role(fields) }
}
