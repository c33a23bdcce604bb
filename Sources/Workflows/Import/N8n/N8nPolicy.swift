import Values

/// What a node of n8n says of failures, as a policy (contract §11.2).
enum N8nPolicy {
    static func policy(of node: N8nWorkflow.Node) -> JSONObject {
        var policy = JSONObject()
        if node.source["retryOnFail"]?.bool == true {
            let tries = node.source["maxTries"]?.integer ?? 3
            let pause = node.source["waitBetweenTries"]?.integer ?? 1000
            policy["retry"] = [
                "maxRetries": .int(min(max(tries, 1), 21) - 1), "initialDelayMs": .int(min(max(pause, 0), 3_600_000)),
                "factor": 1,
            ]
        }
        switch onError(of: node) {
        case "continueRegularOutput": policy["onError"] = "continue"
        case "continueErrorOutput": policy["onError"] = "route"
        default: break
        }
        return policy
    }

    /// Whether failures leave through an output of their own.
    static func routesErrors(_ node: N8nWorkflow.Node) -> Bool { onError(of: node) == "continueErrorOutput" }

    private static func onError(of node: N8nWorkflow.Node) -> String {
        node.source["onError"]?.string
            ?? (node.source["continueOnFail"]?.bool == true ? "continueRegularOutput" : "stopWorkflow")
    }
}
