import Values

/// Which node type stands for which of n8n, and the ports of those that may not be built yet (contract §11.2; media
/// providers §9 has the ports).
enum N8nTargets {
    static func target(of kind: String) -> String? { targets[kind] }

    /// The ports of a type that is not in the catalog.
    static func ports(of type: String) -> (inputs: [DraftPort], outputs: [DraftPort]) {
        guard let (inputs, outputs) = ports[type] else { return ([], []) }
        return (inputs.map { DraftPort(id: $0, type: $1) }, outputs.map { DraftPort(id: $0, type: $1) })
    }

    static let targets: [String: String] = [
        "manualTrigger": "trigger:manual", "start": "trigger:manual", "webhook": "trigger:webhook",
        "scheduleTrigger": "trigger:schedule", "cron": "trigger:schedule", "interval": "trigger:schedule",
        "errorTrigger": "trigger:error", "executeWorkflowTrigger": "trigger:workflow",
        "respondToWebhook": "output:respond_webhook", "httpRequest": "action:http_request", "set": "utility:json_build",
        "editFields": "utility:json_build", "if": "logic:if", "switch": "logic:switch", "filter": "logic:filter",
        "merge": "logic:merge", "splitInBatches": "iterator:batch", "splitOut": "iterator:list",
        "itemLists": "iterator:list", "aggregate": "iterator:collect", "wait": "logic:wait_timer",
        "executeWorkflow": "blueprint:invoke", "stopAndError": "logic:stop_error", "noOp": "logic:router",
        "stickyNote": "utility:sticky_note", "emailSend": "action:email_send", "chainLlm": "llm:chat",
        "agent": "agent:tool_loop", "code": "utility:expression", "function": "utility:expression",
        "functionItem": "utility:expression",
    ]

    private static let ports: [String: (inputs: [(String, PortType)], outputs: [(String, PortType)])] = [
        "trigger:webhook": ([], [("body", .json), ("query", .json), ("headers", .json)]),
        "trigger:schedule": ([], [("scheduledAt", .text)]),
        "trigger:error": ([], [("error", .json), ("execution", .json)]),
        "trigger:workflow": ([], [("inputs", .json)]),
        "output:respond_webhook": ([("body", .any), ("status", .number), ("headers", .json)], []),
        "action:http_request": (
            [("body", .any), ("query", .json), ("headers", .json)],
            [("body", .any), ("status", .number), ("headers", .json)]
        ),
        "logic:wait_timer": ([("value", .any)], [("value", .any)]),
        "logic:wait_event": ([("value", .any)], [("value", .any)]),
        "blueprint:invoke": ([("value", .any)], [("value", .any)]),
        "action:email_send": ([("to", .text), ("subject", .text), ("text", .text)], [("id", .text)]),
        "agent:tool_loop": ([("prompt", .text), ("tools", .json)], [("text", .text), ("steps", .json)]),
    ]
}
