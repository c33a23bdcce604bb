import Server
import Values
import Vault

extension Settings {
    /// Where the master key comes from: the environment, the named file, or a file in the data folder.
    func masterKey() throws -> KeySource {
        if let text = environment["MILLRACE_MASTER_KEY"], !text.isEmpty {
            guard let key = MasterKey(text) else {
                throw Arguments.UsageError(
                    description: "MILLRACE_MASTER_KEY must hold 32 bytes in base 64, or 64 hexadecimal digits."
                )
            }
            return .environment(key)
        }
        return .file(self["master-key-file"] ?? "\(data)/master.key")
    }

    /// The secrets that variables of the environment hold: `secrets: {SHOP_KEY: [api.shop.example]}` in the file.
    func environmentSecrets() throws -> [String: AccountNames.EnvironmentSecret] {
        var secrets: [String: AccountNames.EnvironmentSecret] = [:]
        for (name, value) in secretHosts {
            guard let hosts = value.array?.compactMap(\.string), !hosts.isEmpty, hosts.count == value.array?.count
            else {
                throw Arguments.UsageError(
                    description: "secrets.\(name) must be a list of the hosts it may be sent to."
                )
            }
            guard let text = environment[name], !text.isEmpty else { continue }
            secrets[name] = AccountNames.EnvironmentSecret(value: text, hosts: hosts.map { $0.lowercased() })
        }
        return secrets
    }
}
