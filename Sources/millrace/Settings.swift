import FileSystem
import HTTPValues
import Providers
import Server
import Storage
import Values
import Workflows
import YAML

/// What an operator has set: flags win over the environment, the environment over the file (contract §3.7).
struct Settings {
    /// The names of the settings of `serve`.
    static let names: Set<String> = [
        "listen", "data", "config", "catalog", "bootstrap-key", "allow-private", "public-url", "database", "role",
        "labels", "lease", "trusted-proxies", "keep-runs", "keep-logs", "keep-media", "keep-audit", "media-quota",
        "disk-reserve", "cors-origins",
        "labels", "lease", "keep-runs", "keep-logs", "keep-media", "keep-audit", "media-quota", "disk-reserve",
        "cors-origins", "master-key-file",
        "cors-origins",
        "metrics",
    ]

    let environment: [String: String]
    private let arguments: Arguments
    private let file: JSON

    init(_ arguments: Arguments, environment: [String: String]) throws {
        self.arguments = arguments
        self.environment = environment
        let named = arguments["config"] ?? environment["MILLRACE_CONFIG"]
        let path = named ?? "millrace.yaml"
        guard named != nil || Folder.exists(path) else {
            file = .object(JSONObject())
            return
        }
        guard let bytes = try Folder.contents(of: path, atMost: 1 << 20),
            let text = String(validating: bytes, as: UTF8.self)
        else { throw Arguments.UsageError(description: "\(path) is longer than 1 MiB or no UTF-8.") }
        file = try YAMLParser.parse(text).map { node in try JSON(yaml: node) } ?? .object(JSONObject())
        let known = Self.names.union([
            "creditUsd", "maxUploadBytes", "limits", "plans", "failedAuthenticationsPerMinute", "secrets",
        ])
        if let other = file.object?.keys.first(where: { !known.contains($0) }) {
            throw Arguments.UsageError(
                description:
                    "\(path): there is no setting \(other). There are: \(known.sorted().joined(separator: ", "))."
            )
        }
    }

    /// A setting by its name, such as `allow-private`.
    subscript(name: String) -> String? {
        if let flag = arguments[name] { return flag }
        let variable = "MILLRACE_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
        if let value = environment[variable], !value.isEmpty { return value }
        guard let value = file[name] else { return nil }
        return value.string ?? (value.array.map { $0.compactMap(\.string).joined(separator: ",") }) ?? value.text
    }

    /// A value of the configuration file.
    func value(_ name: String) -> JSON? { file[name] }

    /// The hosts of secrets of the environment, by the name of the variable.
    var secretHosts: [(String, JSON)] { (file["secrets"]?.object ?? JSONObject()).map { ($0.key, $0.value) } }

    /// A number of the configuration file.
    func number(_ name: String) -> Double? { file[name]?.number }

    /// Who may read the numbers for Prometheus.
    var prometheus: PrometheusAccess {
        get throws {
            let word = self["metrics"] ?? PrometheusAccess.loopback.rawValue
            guard let access = PrometheusAccess(rawValue: word) else {
                throw Arguments.UsageError(
                    description: "--metrics must be loopback, key, open or off, not \(word)."
                )
            }
            return access
        }
    }

    /// The price of a credit.
    var credit: Money { number("creditUsd").flatMap { Money(rounding: $0 * 1e9) } ?? Money(nano: 10_000_000) }
    /// What the operator allows of vendors: `limits: {openai: {requestsPerMinute: 600, concurrency: 20}}`.
    func vendorLimits() throws -> [String: Vendors.OperatorLimit] {
        var limits: [String: Vendors.OperatorLimit] = [:]
        for member in file["limits"]?.object ?? JSONObject() {
            let rate = member.value["requestsPerMinute"]
            let places = member.value["concurrency"]
            guard let object = member.value.object,
                object.keys.allSatisfy(["requestsPerMinute", "concurrency"].contains),
                rate == nil || (rate?.number).map({ $0 > 0 && $0 <= 1e9 }) == true,
                places == nil || (places?.integer).map({ (1...1_000_000).contains($0) }) == true
            else {
                throw Arguments.UsageError(
                    description: "limits.\(member.key) must hold requestsPerMinute and concurrency, numbers above 0."
                )
            }
            limits[member.key] = Vendors.OperatorLimit(
                requestsPerMinute: rate?.number,
                places: (places?.integer).map { Int($0) }
            )
        }
        return limits
    }

    /// The words of a list, separated by commas.
    func list(_ name: String) -> [String] {
        (self[name] ?? "").split(separator: ",").map { String($0.filter { $0 != " " }) }.filter { !$0.isEmpty }
    }

    /// The address of a database that several servers share; `nil` for one in the data folder.
    var database: String? { self["database"] }

    /// How long others respect this server after it has last told the database that it lives.
    func lease() throws -> Lease {
        guard let text = self["lease"] else { return .standard }
        guard database != nil else {
            throw Arguments.UsageError(
                description: "--lease needs --database postgres://…: a data folder has one server only."
            )
        }
        guard let seconds = Int64(text), (3...3600).contains(seconds) else {
            throw Arguments.UsageError(description: "--lease must be a number of seconds from 3 to 3600, not \(text).")
        }
        return Lease(life: .seconds(seconds))
    }

    /// The proxies that are believed about the clients they speak for.
    func trustedProxies() throws -> TrustedProxies {
        let networks = try list("trusted-proxies").map { text in
            guard let network = IPNetwork(text) else {
                throw Arguments.UsageError(
                    description: "--trusted-proxies: \(text) is no network such as 10.0.0.0/8, and no address."
                )
            }
            return network
        }
        return TrustedProxies(networks)
    }

    /// The data folder.
    var data: String { self["data"] ?? "./millrace-data" }

    /// The folder of the user's own manifests.
    var catalogFolder: String { self["catalog"] ?? "\(data)/catalog" }
}
