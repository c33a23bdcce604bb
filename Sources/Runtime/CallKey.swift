import Catalog
import Crypto
import Engine
import Values
import Workflows

extension Run {
    /// How results of equal calls are used for a node.
    func cacheMode(_ node: PlanNode) -> CacheMode {
        switch facts.cache {
        case .only: .only
        case .off: .off
        case .auto, nil: node.policy.cache ?? facts.cache ?? .off
        }
    }

    /// Everything the result of a call depends on, as one hash.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - prepared: Its inputs; the item it runs for is no part of the key.
    ///   - grant: Who would be called.
    ///   - identity: Names address and credential of who would be called.
    /// - Returns: `nil` when an equal call may give another result, or does something outside.
    func callKey(_ node: PlanNode, _ prepared: Prepared, _ grant: Grant, _ identity: [UInt8]) -> ContentHash? {
        guard !node.type.hasSideEffects, !node.usesNow, !node.hasUnfetchedMedia(prepared) else { return nil }
        var inputs = JSONObject()
        for (name, value) in prepared.inputs { inputs[name] = value.content }
        var parameters = JSONObject()
        for (name, value) in prepared.parameters { parameters[name] = value }
        let key: JSON = [
            "account": .string(facts.account.description), "type": .string(node.type.hash.description),
            "offer": .string(grant.offer), "manifest": (grant.manifest?.description).map(JSON.string) ?? .null,
            "identity": .string(identity.hex), "sandbox": .bool(grant.isSandbox),
            "model": grant.model.map(JSON.string) ?? .null, "inputs": .object(inputs),
            "parameters": .object(parameters),
        ]
        return ContentHash(bytes: SHA256.hash(key.canonicalBytes))
    }
}

extension PlanNode {
    fileprivate var usesNow: Bool {
        inputs.contains { $0.binding?.usesNow == true } || parameters.contains { $0.binding?.usesNow == true }
    }

    /// Whether the address of media stands where the media should: what lies there may change.
    fileprivate func hasUnfetchedMedia(_ prepared: Prepared) -> Bool {
        inputs.contains { $0.port.type.isMedia && prepared.inputs[$0.port.id]?.isContent == false }
            || type.parameters.contains { $0.type.isMedia && prepared.parameters[$0.id]?.isNull == false }
    }
}

extension Value {
    /// The value with media as nothing but their hash.
    fileprivate var content: JSON {
        switch self {
        case .json(let json): ["j": json]
        case .media(let media): ["m": .string(media.hash.description)]
        case .list(let items): ["l": .array(items.map(\.content))]
        }
    }

    /// Whether it is nothing but stored media.
    fileprivate var isContent: Bool {
        switch self {
        case .json: false
        case .media: true
        case .list(let items): items.allSatisfy(\.isContent)
        }
    }
}
