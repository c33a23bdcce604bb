public import Catalog
public import Values

import Engine
import Expressions
import HTTPValues

/// The keys of vendors that may be used: those that accounts have stored, and those of the server's environment.
public struct Credentials: Sendable {
    /// Who wants to call a vendor.
    public struct Caller: Sendable, Hashable {
        /// The account; `nil` when it is not known any more, or does not matter.
        public var account: AccountID?
        /// The credential that a node names, by its identifier or name.
        public var credential: String?
        /// What the run is for, such as `production`.
        public var environment: String?
        /// Since when a credential that was made may take the place of a named one that is gone.
        public var since: Instant

        /// A caller with these facts.
        public init(
            account: AccountID? = nil,
            credential: String? = nil,
            environment: String? = nil,
            since: Instant = Instant(microseconds: 0)
        ) {
            self.account = account
            self.credential = credential
            self.environment = environment
            self.since = since
        }
    }

    /// A credential that an account has stored, still sealed.
    public struct Stored: Sendable {
        /// Its identifier.
        public var id: String
        /// When it was last changed.
        public var updatedAt: Instant
        /// The address in place of the vendor's.
        public var baseURL: String?
        /// What takes the place of constants of the manifest.
        public var variables: JSONObject
        /// The opened fields; `nil` when they cannot be opened.
        public var open: @Sendable () async -> [String: String]?

        /// A credential with these facts.
        public init(
            id: String,
            updatedAt: Instant,
            baseURL: String?,
            variables: JSONObject,
            open: @escaping @Sendable () async -> [String: String]?
        ) {
            self.id = id
            self.updatedAt = updatedAt
            self.baseURL = baseURL
            self.variables = variables
            self.open = open
        }
    }

    /// What was found for a caller among the stored credentials.
    public enum Finding: Sendable {
        /// The named one, or the default one.
        case stored(Stored)
        /// None; that of the environment may be used.
        case nothing
        /// The named one is gone.
        case missing
    }

    /// What is needed to call one vendor.
    public struct Credential: Sendable {
        /// The identifier of a stored one.
        let id: String?
        /// The fields by name; never shown, logged or stored in the clear.
        let fields: [String: String]
        /// The operator's own address for the vendor.
        public let baseURL: String?
        /// What takes the place of constants of the manifest.
        let variables: JSONObject

        /// The names of the fields, in order.
        public var fieldNames: [String] { fields.keys.sorted() }
    }

    /// Whose credential is used.
    enum Choice {
        case stored(Stored)
        case environment(Credential)

        /// The identifier of a stored one.
        var id: String? {
            guard case .stored(let stored) = self else { return nil }
            return stored.id
        }

        /// What is needed for the call; `nil` when it cannot be opened.
        func opened() async -> Credential? {
            switch self {
            case .environment(let credential): return credential
            case .stored(let stored):
                guard let fields = await stored.open() else { return nil }
                return Credential(
                    id: stored.id,
                    fields: fields,
                    baseURL: stored.baseURL,
                    variables: stored.variables
                )
            }
        }
    }

    private let environment: [String: String]
    private let stored: @Sendable (_ provider: String, Caller) -> Finding
    let noteUse: @Sendable (_ id: String) async -> Void

    /// Keys and addresses from variables such as `OPENAI_API_KEY` and `OPENAI_BASE_URL`, and those that are stored.
    ///
    /// - Parameters:
    ///   - environment: The variables.
    ///   - stored: The credential of the account for a provider: the named one, else the default one.
    ///   - noteUse: Called when a stored credential was used.
    public init(
        environment: [String: String],
        stored: @escaping @Sendable (_ provider: String, Caller) -> Finding = { _, _ in .nothing },
        noteUse: @escaping @Sendable (_ id: String) async -> Void = { _ in }
    ) {
        self.environment = environment
        self.stored = stored
        self.noteUse = noteUse
    }

    /// The credential for a call that is to be made: the one that the node names, else the account's default one, else
    /// that of the environment; `nil` when there is none.
    func choice(for provider: Provider, _ caller: Caller) -> Choice? {
        switch stored(provider.id, caller) {
        case .stored(let stored): .stored(stored)
        case .nothing: credential(for: provider).map(Choice.environment)
        case .missing: nil
        }
    }

    /// Whether the credential that a caller names is gone.
    func isMissing(for provider: Provider, _ caller: Caller) -> Bool {
        guard caller.credential != nil, case .missing = stored(provider.id, caller) else { return false }
        return true
    }

    /// The credential for a call whose job may be with the vendor: the same as before; `nil` when it is gone.
    func choice(for provider: Provider, _ caller: Caller, again id: String?) -> Choice? {
        var caller = caller
        caller.credential = id
        if id == nil, let credential = credential(for: provider) { return .environment(credential) }
        guard case .stored(let stored) = stored(provider.id, caller) else { return nil }
        return .stored(stored)
    }

    /// The credential of the environment for a provider, or `nil` when a secret it needs is not set.
    public func credential(for provider: Provider) -> Credential? {
        var fields: [String: String] = [:]
        for secret in provider.secrets {
            let value = secret.environment.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
            if let value { fields[secret.name] = value }
        }
        let baseURL = environment[provider.baseURLVariable].flatMap { $0.isEmpty ? nil : $0 }
        // An operator's own server, such as a local one, often needs no key.
        guard provider.isUsable(with: Set(fields.keys)) || baseURL != nil else { return nil }
        return Credential(id: nil, fields: fields, baseURL: baseURL, variables: JSONObject())
    }

    /// The variables that would make a provider usable, for messages.
    static func variables(of provider: Provider) -> [String] {
        let ways = provider.authenticationNeeds
        let needed = ways.isEmpty ? provider.secrets.filter { !$0.isOptional }.map(\.name) : ways[0]
        return provider.secrets.filter { needed.contains($0.name) }.compactMap(\.environment.first)
    }
}

extension Credentials.Credential {
    /// The headers that carry the credential, by the first way for which there are secrets.
    func headers(
        _ envelope: Envelope,
        _ scope: VendorScope,
        _ context: EvaluationContext
    ) throws(NodeError) -> HTTPFields {
        let ways = envelope.authentication
        guard let way = ways.first(where: { $0.needs.allSatisfy { fields[$0] != nil } }) else { return [:] }
        var scope = scope
        scope.set("secrets", .members(fields.mapValues { .host(SecretValue(text: $0)) }))
        var writer = RequestWriter(media: envelope.media)
        var headers = HTTPFields()
        for entry in way.entries {
            // Without a key there is no such header: an operator's own server may need none.
            switch entry {
            case .header(let header, let template):
                guard let value = try? template.render(in: scope, with: context), let name = HTTPFieldName(header)
                else { continue }
                headers[name] = try writer.text(value)
            case .token(let token):
                guard let claims = try? token.claims.render(in: scope, with: context),
                    let key = try? token.key.render(in: scope, with: context), let name = HTTPFieldName(token.header)
                else { continue }
                let text = TokenMint.token(try writer.json(claims), key: try writer.text(key))
                headers[name] = token.prefix + text
            }
        }
        return headers
    }
}
