import HTTPValues

extension APIServer {
    /// Secrets, variables and credentials: rows 53 and 55 of contract §2.
    static let vaultRoutes: [Route] = secretRoutes + variableRoutes + credentialRoutes

    private static let secretRoutes: [Route] = [
        Route(
            row: 53,
            method: .get,
            path: "/secrets",
            scopes: ["secrets:write"],
            operation: Operation(
                "listSecrets",
                "Secrets",
                "Lists the secrets without their values, newest first",
                query: [.limit, .cursor],
                answers: [.json("SecretPage")]
            )
        ) { try await $0.listSecrets($1) },
        Route(
            row: 53,
            method: .get,
            path: "/secrets/{name}",
            scopes: ["secrets:write"],
            operation: Operation(
                "getSecret",
                "Secrets",
                "Shows a secret without its value",
                answers: [.json("Secret")],
                errors: [.resourceNotFound, .invalidField]
            )
        ) { try await $0.getSecret($1) },
        Route(
            row: 53,
            method: .put,
            path: "/secrets/{name}",
            scopes: ["secrets:write"],
            operation: Operation(
                "putSecret",
                "Secrets",
                "Stores a secret for some hosts; its value is never given back",
                body: .json("SecretInput"),
                answers: [.json("Secret")],
                errors: [.missingFields, .invalidField, .tooManyNames]
            )
        ) { try await $0.putSecret($1) },
        Route(
            row: 53,
            method: .delete,
            path: "/secrets/{name}",
            scopes: ["secrets:write"],
            operation: Operation(
                "deleteSecret",
                "Secrets",
                "Removes a secret",
                answers: [.noContent],
                errors: [.resourceNotFound, .invalidField]
            )
        ) { try await $0.deleteSecret($1) },
    ]

    private static let variableRoutes: [Route] = [
        Route(
            row: 53,
            method: .get,
            path: "/vars",
            scopes: ["workflows:write"],
            operation: Operation(
                "listVariables",
                "Variables",
                "Lists the variables of the account, newest first",
                query: [.limit, .cursor],
                answers: [.json("VariablePage")]
            )
        ) { try await $0.listVariables($1) },
        Route(
            row: 53,
            method: .get,
            path: "/vars/{name}",
            scopes: ["workflows:write"],
            operation: Operation(
                "getVariable",
                "Variables",
                "Shows a variable",
                answers: [.json("Variable")],
                errors: [.resourceNotFound, .invalidField]
            )
        ) { try await $0.getVariable($1) },
        Route(
            row: 53,
            method: .put,
            path: "/vars/{name}",
            scopes: ["workflows:write"],
            operation: Operation(
                "putVariable",
                "Variables",
                "Stores a variable that templates name as vars.NAME; runs keep the value they were accepted with",
                body: .json("VariableInput"),
                answers: [.json("Variable")],
                errors: [.missingFields, .invalidField, .tooManyNames]
            )
        ) { try await $0.putVariable($1) },
        Route(
            row: 53,
            method: .delete,
            path: "/vars/{name}",
            scopes: ["workflows:write"],
            operation: Operation(
                "deleteVariable",
                "Variables",
                "Removes a variable",
                answers: [.noContent],
                errors: [.resourceNotFound, .invalidField]
            )
        ) { try await $0.deleteVariable($1) },
    ]

    private static let credentialRoutes: [Route] = [
        Route(
            row: 55,
            method: .get,
            path: "/credentials",
            scopes: ["secrets:write"],
            operation: Operation(
                "listCredentials",
                "Credentials",
                "Lists the keys of vendors without their values, newest first",
                query: [.limit, .cursor],
                answers: [.json("CredentialPage")]
            )
        ) { try await $0.listCredentials($1) },
        Route(
            row: 55,
            method: .post,
            path: "/credentials",
            scopes: ["secrets:write"],
            keyedBody: Exchange.bodyBytes,
            operation: Operation(
                "createCredential",
                "Credentials",
                "Stores the key of a vendor; it is never given back",
                body: .json("CredentialInput"),
                answers: [.created("Credential")],
                errors: [.missingFields, .invalidField, .nameTaken, .tooManyNames]
            )
        ) { try await $0.createCredential($1) },
        Route(
            row: 55,
            method: .get,
            path: "/credentials/{id}",
            scopes: ["secrets:write"],
            operation: Operation(
                "getCredential",
                "Credentials",
                "Shows a credential without its values",
                answers: [.json("Credential")],
                errors: [.resourceNotFound]
            )
        ) { try await $0.getCredential($1) },
        Route(
            row: 55,
            method: .patch,
            path: "/credentials/{id}",
            scopes: ["secrets:write"],
            operation: Operation(
                "patchCredential",
                "Credentials",
                "Changes a credential; fields that are not named stay as they are",
                body: .json("CredentialPatch"),
                answers: [.json("Credential")],
                errors: [.resourceNotFound, .invalidField, .nameTaken, .staleWrite]
            )
        ) { try await $0.patchCredential($1) },
        Route(
            row: 55,
            method: .delete,
            path: "/credentials/{id}",
            scopes: ["secrets:write"],
            operation: Operation(
                "deleteCredential",
                "Credentials",
                "Removes a credential; jobs that it has begun wait for another one",
                answers: [.noContent],
                errors: [.resourceNotFound]
            )
        ) { try await $0.deleteCredential($1) },
        Route(
            row: 55,
            method: .post,
            path: "/credentials/{id}/test",
            scopes: ["secrets:write"],
            operation: Operation(
                "testCredential",
                "Credentials",
                "Asks the vendor by a call that costs nothing whether it takes the credential",
                answers: [.json("CredentialTest")],
                errors: [.resourceNotFound, .invalidField]
            )
        ) { try await $0.testCredential($1) },
    ]
}
