import Catalog
import HTTPClient
import HTTPValues
import Providers
import Server
import Storage
import Values
import Vault

extension Host {
    /// The keys of vendors: those of accounts from the vault, and those of the environment.
    static func credentials(_ vault: Vault, _ settings: Settings) -> Credentials {
        Credentials(
            environment: settings.environment,
            stored: { provider, caller in
                let wish = Vault.Wish(
                    account: caller.account,
                    provider: provider,
                    name: caller.credential,
                    environment: caller.environment,
                    since: caller.since
                )
                switch vault.credential(wish) {
                case .found(let row): return .stored(stored(row, vault))
                case .nothing: return .nothing
                case .missing: return .missing
                }
            },
            noteUse: { id in
                if let id = CredentialID(id) { await vault.noteUse(of: id) }
            }
        )
    }

    private static func stored(_ row: CredentialRow, _ vault: Vault) -> Credentials.Stored {
        Credentials.Stored(
            id: row.id.description,
            updatedAt: row.updatedAt,
            baseURL: row.baseURL,
            variables: row.variables
        ) {
            do {
                return try await vault.fields(of: row)
            } catch {
                log("The credential \(row.id) cannot be used: \(error)")
                return nil
            }
        }
    }

    /// Whether calls may go to an address that an account names: a public one over TLS, or one that is listed.
    static func mayReach(_ url: HTTPURL, _ addressGuard: AddressGuard) -> Bool {
        if addressGuard.isListed(url) { return true }
        guard url.scheme == .https, url.host != "localhost" else { return false }
        guard let address = IPAddress(url.host) else { return true }
        return AddressGuard.verdict(on: address) == .allowed
    }

    /// The credentials that variables of the environment make.
    static func environment(_ credentials: Credentials, _ catalog: Catalog) -> [AccountNames.EnvironmentCredential] {
        catalog.providers.values.compactMap { provider in
            guard let credential = credentials.credential(for: provider) else { return nil }
            return AccountNames.EnvironmentCredential(
                provider: provider.id,
                fields: credential.fieldNames,
                baseURL: credential.baseURL
            )
        }
    }

    /// Makes the free call of a provider.
    static func check(
        _ vendors: Vendors,
        _ vault: Vault,
        _ provider: Provider,
        _ row: CredentialRow?
    ) async -> AccountNames.Check {
        let result =
            if let row {
                await vendors.check(provider, stored(row, vault))
            } else {
                await vendors.checkEnvironment(provider)
            }
        guard let result else {
            return AccountNames.Check(
                isReachable: nil,
                isAuthorised: nil,
                headroom: [:],
                message: "The manifest of \(provider.id) names no call that costs nothing."
            )
        }
        return AccountNames.Check(
            isReachable: result.isReachable,
            isAuthorised: result.isAuthorised,
            headroom: result.headroom,
            message: result.message
        )
    }
}
