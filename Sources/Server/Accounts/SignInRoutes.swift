import HTTPValues

extension APIServer {
    /// The set-up, sessions of people and their passwords (contract §3.1 and §3.7).
    static let signInRoutes: [Route] = [
        Route(
            row: 71,
            method: .post,
            path: "/setup",
            scopes: nil,
            operation: Operation(
                "setUp",
                "Sign-in",
                "Makes the first person, with the token that the server printed; 404 afterwards",
                body: .json("SetupInput"),
                answers: [.session(201)],
                errors: [.missingFields, .invalidSetupToken, .routeNotFound]
            )
        ) { try await $0.setUp($1) },
        Route(row: 71, method: .get, path: "/setup", scopes: nil, isAtRoot: true) { try await $0.showSetup($1) },
        Route(
            row: 71,
            method: .post,
            path: "/auth/sign-in",
            scopes: nil,
            operation: Operation(
                "signIn",
                "Sign-in",
                "Begins a session",
                body: .json("SignInInput"),
                answers: [.session()],
                errors: [.missingFields, .invalidCredentials, .signInLocked]
            )
        ) { try await $0.signIn($1) },
        Route(
            row: 71,
            method: .post,
            path: "/auth/sign-out",
            scopes: [],
            operation: Operation(
                "signOut",
                "Sign-in",
                "Ends the session",
                answers: [.noContent],
                errors: [.invalidSession]
            )
        ) { try await $0.signOut($1) },
        Route(
            row: 71,
            method: .get,
            path: "/auth/session",
            scopes: [],
            operation: Operation(
                "getSession",
                "Sign-in",
                "Shows the session with the token for changes",
                answers: [.json("Session")],
                errors: [.invalidSession]
            )
        ) { try await $0.showSession($1) },
        Route(
            row: 71,
            method: .put,
            path: "/auth/password",
            scopes: [],
            operation: Operation(
                "changePassword",
                "Sign-in",
                "Changes the password and ends all other sessions",
                body: .json("PasswordInput"),
                answers: [.noContent],
                errors: [.missingFields, .invalidSession, .invalidCredentials, .signInLocked]
            )
        ) { try await $0.changePassword($1) },
        Route(
            row: 71,
            method: .post,
            path: "/auth/password-reset",
            scopes: nil,
            operation: Operation(
                "resetPassword",
                "Sign-in",
                "Sets a password with the token of a link, and ends all sessions",
                body: .json("PasswordReset"),
                answers: [.noContent],
                errors: [.missingFields, .invalidAccessToken]
            )
        ) { try await $0.resetPassword($1) },
        Route(row: 71, method: .get, path: "/reset-password", scopes: nil, isAtRoot: true) {
            try await $0.showPasswordReset($1)
        },
    ]
}
