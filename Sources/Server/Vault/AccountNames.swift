public import Catalog
public import Engine
public import HTTPValues
public import Storage
public import Values
public import Vault
import Workflows

/// What graphs of an account can name besides its nodes: secrets, variables and credentials.
public struct AccountNames: Sendable {
    /// What a free call to a vendor has shown of a credential.
    public struct Check: Sendable {
        /// Whether the vendor answered; `nil` when its manifest has no free call.
        public var isReachable: Bool?
        /// Whether it takes the credential; `nil` when that is not known.
        public var isAuthorised: Bool?
        /// How much is left, where the vendor says so.
        public var headroom: JSONObject
        /// What went wrong, for people.
        public var message: String?

        /// A result of these.
        public init(isReachable: Bool?, isAuthorised: Bool?, headroom: JSONObject, message: String?) {
            self.isReachable = isReachable
            self.isAuthorised = isAuthorised
            self.headroom = headroom
            self.message = message
        }
    }

    /// A credential that variables of the server's environment make.
    public struct EnvironmentCredential: Sendable {
        /// The provider.
        public var provider: String
        /// The names of the fields that are set.
        public var fields: [String]
        /// The address in place of the vendor's.
        public var baseURL: String?

        /// A credential of these facts.
        public init(provider: String, fields: [String], baseURL: String?) {
            self.provider = provider
            self.fields = fields
            self.baseURL = baseURL
        }
    }

    /// A secret of the server's environment.
    public struct EnvironmentSecret: Sendable {
        /// The value.
        public var value: String
        /// The hosts it may be sent to.
        public var hosts: [String]

        /// A secret for these hosts.
        public init(value: String, hosts: [String]) {
            self.value = value
            self.hosts = hosts
        }
    }

    let database: Database
    /// Seals what is secret.
    public let vault: Vault
    /// The secrets of the environment by name; every account may use them.
    let environmentSecrets: [String: EnvironmentSecret]
    /// The credentials of the environment now.
    let environmentCredentials: @Sendable () -> [EnvironmentCredential]
    /// Whether outgoing calls may go to an address.
    let mayReach: @Sendable (HTTPURL) -> Bool
    /// Makes the free call of a provider with a credential, or with that of the environment.
    let check: @Sendable (Provider, CredentialRow?) async -> Check

    /// Names from these parts.
    ///
    /// - Parameters:
    ///   - database: The durable store.
    ///   - vault: Seals what is secret.
    ///   - environmentSecrets: The secrets of the environment by name.
    ///   - environmentCredentials: The credentials of the environment now.
    ///   - mayReach: Whether outgoing calls may go to an address.
    ///   - check: Makes the free call of a provider with a credential, or with that of the environment.
    public init(
        database: Database,
        vault: Vault,
        environmentSecrets: [String: EnvironmentSecret] = [:],
        environmentCredentials: @escaping @Sendable () -> [EnvironmentCredential] = { [] },
        mayReach: @escaping @Sendable (HTTPURL) -> Bool,
        check: @escaping @Sendable (Provider, CredentialRow?) async -> Check
    ) {
        self.database = database
        self.vault = vault
        self.environmentSecrets = environmentSecrets
        self.environmentCredentials = environmentCredentials
        self.mayReach = mayReach
        self.check = check
    }

    // MARK: For graphs

    /// What is known of the names in a graph; of other names only the newest, to suggest them.
    func workspace(of uses: Graph.Uses, _ account: AccountID) async throws -> Workspace {
        var workspace = Workspace()
        if !uses.secrets.isEmpty {
            var secrets = environmentSecrets.mapValues(\.hosts)
            for row in try await stored({ try await database.secrets(of: account, after: nil, limit: 200) }) {
                secrets[row.name] = row.hosts
            }
            for name in uses.secrets where secrets[name] == nil {
                secrets[name] = try await stored { try await database.secret(name, of: account) }?.hosts
            }
            workspace.secrets = secrets
        }
        if !uses.variables.isEmpty {
            let newest = try await stored { try await database.variables(of: account, after: nil, limit: 200) }
            let named = try await stored { try await database.variables(uses.variables.sorted(), of: account) }
            workspace.variables = Set((newest + named).map(\.name))
        }
        return workspace
    }

    /// The most bytes of the variables of one run.
    static let variableBytes = 1 << 20

    /// The variables that a plan names, as they are now; nothing is asked for a plan without names.
    ///
    /// - Throws: ``APIError`` when a variable or a secret is not there.
    func variables(of plan: Plan, _ account: AccountID) async throws -> JSONObject {
        var hosts = plan.secrets.isEmpty ? [:] : environmentSecrets.mapValues(\.hosts)
        for use in plan.secrets {
            let row = try await stored { try await database.secret(use.name, of: account) }
            if let row { hosts[use.name] = row.hosts }
            guard let allowed = hosts[use.name] else {
                throw APIError(
                    violations: [
                        Violation(
                            .unknownSecret,
                            "There is no secret \(use.name).",
                            fix: "Declare it with PUT /secrets/\(use.name).",
                            node: use.node
                        )
                    ]
                )
            }
            guard let host = use.host, !allowed.contains(where: { HostName.matches(host, $0) }) else { continue }
            throw APIError(
                violations: [
                    Violation(
                        .secretNotAllowed,
                        "The secret \(use.name) may not be sent to \(host).",
                        fix: "Add the host with PUT /secrets/\(use.name).",
                        node: use.node
                    )
                ]
            )
        }
        guard !plan.variables.isEmpty else { return JSONObject() }
        let names = plan.variables.sorted()
        var variables = JSONObject()
        for row in try await stored({ try await database.variables(names, of: account) }) {
            variables[row.name] = row.value
        }
        if let missing = names.first(where: { variables[$0] == nil }) {
            throw APIError(
                violations: [
                    Violation(
                        .unknownReference,
                        "The workflow refers to vars.\(missing), which is no variable.",
                        fix: "Declare it with PUT /vars/\(missing)."
                    )
                ]
            )
        }
        guard JSON.object(variables).bytes.count <= Self.variableBytes else {
            throw APIError.field("vars", "must have at most 1 MiB together in one run")
        }
        return variables
    }

    // MARK: For calls

    /// A secret with the hosts it may be sent to; the account's own comes before that of the environment.
    ///
    /// - Throws: ``NodeError`` when it cannot be read.
    public func secret(_ name: String, of account: AccountID) async throws(NodeError) -> EnvironmentSecret? {
        do {
            guard let row = try await database.secret(name, of: account) else { return environmentSecrets[name] }
            let value = try await vault.open(row.sealed, for: .secret(name), of: account)
            return EnvironmentSecret(value: value, hosts: row.hosts)
        } catch {
            throw NodeError("internal_error", "The secret \(name) cannot be read: \(error)")
        }
    }

    // MARK: For messages

    private static let callback = Vault.Place.named("callback secret")

    /// The order for a message with its secret sealed, as it is kept.
    func sealed(_ order: CallbackOrder?, of account: AccountID) throws -> CallbackOrder? {
        guard var order, let secret = order.secret else { return order }
        order.secret = nil
        order.sealedSecret = Base64.encode(try vault.seal(secret, for: Self.callback, of: account))
        return order
    }

    /// What the messages of an order are signed with.
    func opened(_ order: CallbackOrder, of account: AccountID) async throws(VaultError) -> String? {
        guard let sealed = order.sealedSecret.flatMap({ Base64.decode($0) }) else { return order.secret }
        return try await vault.open(sealed, for: Self.callback, of: account)
    }

    private func stored<Result: Sendable>(_ body: () async throws -> Result) async throws(APIError) -> Result {
        do {
            return try await body()
        } catch let error as StorageError {
            throw APIError(storage: error)
        } catch {
            throw APIError(.internalError, "\(error)")
        }
    }
}
