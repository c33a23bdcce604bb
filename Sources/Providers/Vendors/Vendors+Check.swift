public import Catalog
import HTTPValues
public import Values

import Expressions
import HTTPClient

extension Vendors {
    /// What a free call to a vendor has shown of a credential.
    public struct CheckResult: Sendable, Hashable {
        /// Whether the vendor answered.
        public var isReachable: Bool
        /// Whether it takes the credential; `nil` when it does not say.
        public var isAuthorised: Bool?
        /// How many requests and tokens are left, where the vendor says so.
        public var headroom: JSONObject
        /// Why it could not be reached, or what it answered, for people.
        public var message: String?
    }

    /// Makes the free call of a provider with a credential; `nil` when the provider has none.
    public func check(_ provider: Provider, _ stored: Credentials.Stored) async -> CheckResult? {
        guard let plan = provider.check else { return nil }
        guard let credential = await Credentials.Choice.stored(stored).opened() else {
            return CheckResult(
                isReachable: false,
                headroom: [:],
                message: "The credential cannot be opened. Set it anew."
            )
        }
        return await check(provider, credential, plan)
    }

    /// Makes the free call of a provider with the credential of the environment; `nil` when there is none.
    public func checkEnvironment(_ provider: Provider) async -> CheckResult? {
        guard let plan = provider.check, let credential = credentials.credential(for: provider) else { return nil }
        return await check(provider, credential, plan)
    }

    private func check(
        _ provider: Provider,
        _ credential: Credentials.Credential,
        _ plan: CheckPlan
    ) async -> CheckResult {
        let redaction = Redaction(credential.fields.values)
        let base = credential.baseURL ?? provider.baseURL
        let functions = HostFunctions(media: provider.envelope.media, megapixel: 1_000_000)
        var scope = VendorScope()
        scope.set("vars", CELValue(.object(credential.variables)))
        do {
            var request = OutgoingRequest(
                url: try HTTPURL((base.hasSuffix("/") ? String(base.dropLast()) : base) + plan.path)
            )
            request.headers = try credential.headers(provider.envelope, scope, functions.context(now: now()))
            request.headers["accept"] = "application/json"
            request.headers["user-agent"] = userAgent
            request.totalTime = .seconds(15)
            request.maximumResponseBytes = 4 << 20
            guard let client = anyClient else {
                return CheckResult(isReachable: false, headroom: [:], message: "There is no HTTP client.")
            }
            let response = try await client.send(request)
            let isRight = (200...299).contains(response.status) || plan.authorised.contains(response.status)
            let isWrong = response.status == 401 || response.status == 403
            return CheckResult(
                isReachable: true,
                isAuthorised: isRight ? true : isWrong ? false : nil,
                headroom: headroom(provider, response.headers),
                message: isRight ? nil : "\(provider.label) answered with status \(response.status)."
            )
        } catch {
            return CheckResult(
                isReachable: false,
                headroom: [:],
                message: redaction.text("\(provider.label): \(error)")
            )
        }
    }

    /// What the headers say that is left.
    private func headroom(_ provider: Provider, _ headers: HTTPFields) -> JSONObject {
        var left = JSONObject()
        for observed in provider.envelope.limits.compactMap(\.observed) {
            for (name, header) in [("requestsLeft", observed.requestsLeft), ("tokensLeft", observed.tokensLeft)] {
                guard let field = header.flatMap({ HTTPFieldName($0) }), let text = headers[field] else { continue }
                if let number = Int64(text) { left[name] = .int(number) }
            }
        }
        return left
    }
}
