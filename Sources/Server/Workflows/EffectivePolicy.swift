import Catalog
import Values
import Workflows

extension PlanNode {
    /// How the node deals with failures and waiting, what nobody has written included; `nil` for what only computes.
    var effectivePolicy: JSON? {
        guard !type.isComputed else { return nil }
        let retry = policy.retry
        let effects = type.hasSideEffects || type.effect != .repeatable
        return [
            "timeoutMs": policy.timeout.map { .int($0.wholeMilliseconds) } ?? .null,
            "retry": [
                "maxRetries": .int(Int64(retry.maximumRetries)),
                "initialDelayMs": .int(retry.initialDelay.wholeMilliseconds), "factor": .double(retry.factor),
                "maxDelayMs": .int(retry.maximumDelay.wholeMilliseconds), "jitter": .double(retry.jitter),
                "retryOn": .array(retry.classes.map(\.rawValue).sorted().map(JSON.string)),
            ],
            // By price: cheap calls without side effects are made again, a person is asked about all others.
            "onUnknown": .string(policy.onUnknown?.rawValue ?? (effects ? "retry_if_cheap_else_ask" : "retry")),
            "effect": .string(type.effect.rawValue), "onError": .string(policy.onError.rawValue),
            "concurrency": .int(Int64(policy.concurrency)), "joinMode": .string(policy.joinMode.rawValue),
            "notEmpty": .bool(type.kind == .model),
            "ways": .array(
                ways.map { way in
                    [
                        "nodeType": .string(way.type.id), "offer": .string(way.offer.id),
                        "provider": .string(way.offer.provider), "model": way.offer.model.map(JSON.string) ?? .null,
                        "isFallback": .bool(way.fallback != nil),
                    ]
                }
            ),
        ]
    }
}

extension Plan {
    /// How each node deals with failures and waiting, by its identifier.
    var effectivePolicies: JSON {
        .object(
            JSONObject(
                nodes.filter { !$0.isImplied }.compactMap { node in
                    node.effectivePolicy.map { JSONObject.Member(key: node.id, value: $0) }
                }
            )
        )
    }
}
