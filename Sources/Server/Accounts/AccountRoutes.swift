import HTTPValues

extension APIServer {
    /// The account, its members and invitations, and the record of who did what.
    static let accountRoutes: [Route] = [
        Route(
            row: 70,
            method: .get,
            path: "/account",
            scopes: [],
            operation: Operation("getAccount", "Account", "Shows the account", answers: [.json("Account")])
        ) { try await $0.showAccount($1) },
        Route(
            row: 70,
            method: .patch,
            path: "/account",
            scopes: ["members:admin"],
            operation: Operation(
                "patchAccount",
                "Account",
                "Gives the account another name",
                body: .json("AccountInput"),
                answers: [.json("Account")],
                errors: [.missingFields]
            )
        ) { try await $0.patchAccount($1) },
        Route(
            row: 70,
            method: .get,
            path: "/account/members",
            scopes: ["members:read"],
            operation: Operation(
                "listMembers",
                "Account",
                "Lists the members, newest first",
                query: [.limit, .cursor],
                answers: [.json("MemberPage")]
            )
        ) { try await $0.listMembers($1) },
        Route(
            row: 70,
            method: .patch,
            path: "/account/members/{id}",
            scopes: ["members:admin"],
            operation: Operation(
                "patchMember",
                "Account",
                "Gives a member another role",
                body: .json("MemberInput"),
                answers: [.json("Member")],
                errors: [.missingFields, .resourceNotFound, .lastOwner]
            )
        ) { try await $0.patchMember($1) },
        Route(
            row: 70,
            method: .delete,
            path: "/account/members/{id}",
            scopes: [],
            operation: Operation(
                "deleteMember",
                "Account",
                "Removes a member; needs members:admin, but for oneself",
                answers: [.noContent],
                errors: [.insufficientScope, .resourceNotFound, .lastOwner]
            )
        ) { try await $0.deleteMember($1) },
        Route(
            row: 70,
            method: .get,
            path: "/account/invitations",
            scopes: ["members:admin"],
            operation: Operation(
                "listInvitations",
                "Account",
                "Lists the invitations that nobody has accepted, newest first",
                query: [.limit, .cursor],
                answers: [.json("InvitationPage")]
            )
        ) { try await $0.listInvitations($1) },
        Route(
            row: 70,
            method: .post,
            path: "/account/invitations",
            scopes: ["members:admin"],
            keyedBody: Exchange.bodyBytes,
            answersSecret: true,
            operation: Operation(
                "createInvitation",
                "Account",
                "Invites a person by a link, which is shown only now and can be used once",
                body: .json("InvitationInput"),
                answers: [.json("InvitationCreated", 201, "Created")],
                errors: [.missingFields, .alreadyMember]
            )
        ) { try await $0.createInvitation($1) },
        Route(
            row: 70,
            method: .delete,
            path: "/account/invitations/{id}",
            scopes: ["members:admin"],
            operation: Operation(
                "deleteInvitation",
                "Account",
                "Takes an invitation back",
                answers: [.noContent],
                errors: [.resourceNotFound]
            )
        ) { try await $0.deleteInvitation($1) },
        Route(
            row: 70,
            method: .post,
            path: "/account/invitations/accept",
            scopes: nil,
            operation: Operation(
                "acceptInvitation",
                "Account",
                "Makes a member of whoever has the link, and begins a session",
                body: .json("InvitationAcceptance"),
                answers: [.session(201)],
                errors: [.missingFields, .invalidAccessToken, .invalidCredentials]
            )
        ) { try await $0.acceptInvitation($1) },
        Route(
            row: 70,
            method: .get,
            path: "/audit",
            scopes: ["audit:read"],
            operation: Operation(
                "listAudit",
                "Account",
                "Lists who did what, newest first",
                query: [
                    .limit, .cursor, .text("actor", "Only what this key or person did"),
                    .text("action", "Only this operation"), .time("from", "Only from then on"),
                    .time("to", "Only before then"),
                ],
                answers: [.json("AuditPage")]
            )
        ) { try await $0.listAudit($1) },
        Route(row: 70, method: .get, path: "/invitation", scopes: nil, isAtRoot: true) {
            try await $0.showInvitation($1)
        },
    ]
}

extension Operation.Answer {
    /// A session that begins, with its cookie.
    static func session(_ status: Int = 200) -> Self {
        Self(
            status: status,
            description: status == 201 ? "Created" : "Done",
            content: .json("Session"),
            headers: [("Set-Cookie", "The cookie `mr_session`, which only the browser has.")]
        )
    }
}
