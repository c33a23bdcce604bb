public import Catalog

import HTTPValues

/// The keys of vendors that this server may use.
public struct Credentials: Sendable {
    /// What is needed to call one vendor.
    public struct Credential: Sendable {
        /// The fields by name; never shown, logged or stored in the clear.
        let fields: [String: String]
        /// The operator's own address for the vendor.
        let baseURL: String?
    }

    private let environment: [String: String]

    /// Keys and addresses from variables such as `OPENAI_API_KEY` and `OPENAI_BASE_URL`.
    public init(environment: [String: String]) {
        self.environment = environment
    }

    /// The credential for a provider, or `nil` when a secret it needs is not set.
    public func credential(for provider: Provider) -> Credential? {
        var fields: [String: String] = [:]
        for secret in provider.secrets {
            let value = secret.environment.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
            if let value { fields[secret.name] = value }
        }
        let baseURL = environment[provider.baseURLVariable].flatMap { $0.isEmpty ? nil : $0 }
        let ways = provider.authenticationNeeds
        let isComplete =
            provider.secrets.allSatisfy { $0.isOptional || fields[$0.name] != nil }
            && (ways.isEmpty || ways.contains { $0.allSatisfy { fields[$0] != nil } })
        // An operator's own server, such as a local one, often needs no key.
        guard isComplete || baseURL != nil else { return nil }
        return Credential(fields: fields, baseURL: baseURL)
    }

    /// The variables that would make a provider usable, for messages.
    static func variables(of provider: Provider) -> [String] {
        let ways = provider.authenticationNeeds
        let needed = ways.isEmpty ? provider.secrets.filter { !$0.isOptional }.map(\.name) : ways[0]
        return provider.secrets.filter { needed.contains($0.name) }.compactMap(\.environment.first)
    }
}
