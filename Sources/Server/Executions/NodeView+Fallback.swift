import Engine
import Values

extension NodeView {
    /// Which way served instead of the first one that could have; `nil` when that one did.
    var fallbackUsed: JSON? {
        guard let grant = attempts.last(where: { !$0.isWait })?.grant, !grant.isSandbox else { return nil }
        let first = attempts.first?.grant
        // Records of older versions only tell offers apart.
        let index = grant.fallback > 0 ? grant.fallback : grant.way == nil && first?.offer != grant.offer ? 1 : 0
        guard index > 0 else { return nil }
        return .object([
            "index": .int(Int64(index)), "offer": .string(grant.offer), "provider": .string(grant.provider),
            "model": grant.model.map(JSON.string) ?? .null, "nodeType": grant.fallbackType.map(JSON.string) ?? .null,
        ])
    }
}
