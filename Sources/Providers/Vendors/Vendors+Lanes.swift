public import Admission
public import Catalog
public import Engine

import Crypto
import Expressions
import Synchronization
import Values

extension Vendors {
    /// What an operator allows of a vendor, in place of what its manifest says.
    public struct OperatorLimit: Sendable, Hashable {
        /// The most calls in a minute.
        public var requestsPerMinute: Double?
        /// The most attempts at once.
        public var places: Int?

        /// A limit of these numbers.
        public init(requestsPerMinute: Double?, places: Int?) {
            self.requestsPerMinute = requestsPerMinute
            self.places = places
        }
    }

    /// The limits and the breaker on the way to an offer; `nil` when its manifest is gone or wrong.
    public func lane(_ type: NodeType, _ grant: Grant, _ prepared: Prepared?) -> Lane? {
        guard let offer = type.offer(grant.offer), let plan = try? plan(offer, type) else { return nil }
        let names = LaneNames(
            credential: grant.credential.map { "\(offer.provider)#\($0)" } ?? credentialName(offer.provider),
            endpoint: "\(type.id)/\(offer.id)",
            model: grant.model ?? ""
        )
        let stated = limits[offer.provider]
        var rules = plan.envelope.limits.map { limit -> LimitRule in
            var rule = LimitRule(key: names.key("limit", limit.scope))
            rule.calls = limit.calls
            if let requests = limit.requests, let window = limit.window {
                rule.rate = Double(requests) / max(0.001, window / .seconds(1))
            }
            rule.places = limit.concurrency
            rule.isHeldToTheEnd = limit.isHeldToTheEnd
            rule.penalty = limit.penalty
            if let weight = limit.weight, let prepared {
                rule.weight = self.weight(weight, plan, prepared)
            }
            return rule
        }
        // What no manifest states shows itself.
        if rules.isEmpty { rules = [LimitRule(key: names.key("limit", [.credential]))] }
        if let stated {
            var rule = LimitRule(key: names.key("operator", [.credential]))
            rule.rate = stated.requestsPerMinute.map { $0 / 60 }
            rule.places = stated.places
            rule.isOurs = true
            rules.append(rule)
        }
        let written = plan.envelope.breaker
        var breaker = BreakerRule(key: names.key("breaker", written?.scope ?? [.credential, .endpoint]))
        if let written {
            breaker.failures = written.failures
            breaker.window = written.window
            breaker.pause = written.pause
        }
        return Lane(id: "\(names.credential) \(names.endpoint) \(names.model)", limits: rules, breaker: breaker)
    }

    private func weight(_ formula: Expression, _ plan: OfferPlan, _ prepared: Prepared) -> Int {
        let scope = VendorScope.request(prepared, plan, key: "", deadlineMs: 0)
        let context = HostFunctions(media: plan.envelope.media, megapixel: 1_000_000).context(now: now())
        let number = (try? formula.evaluate(in: scope, with: context))?.unwrapped?.number ?? 1
        return Int(max(1, min(number.rounded(.up), 1_000_000)))
    }

    /// Names the credential without telling anything of it.
    private func credentialName(_ provider: String) -> String {
        if let known = credentialNames.withLock({ $0[provider] }) { return known }
        let fields = live.current.providers[provider].flatMap { credentials.credential(for: $0) }?.fields ?? [:]
        let text = fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
        let name = "\(provider)#\(HMAC.sha256(Array(text.utf8), key: secret).prefix(4).hex)"
        credentialNames.withLock { $0[provider] = name }
        return name
    }
}

/// What limits and breakers are counted by.
private struct LaneNames {
    let credential: String
    let endpoint: String
    let model: String

    func key(_ kind: String, _ scope: Set<LimitPlan.Scope>) -> String {
        var key = "\(kind) \(credential)"
        if scope.contains(.endpoint) { key += " \(endpoint)" }
        if scope.contains(.model) { key += " @\(model)" }
        return key
    }
}
