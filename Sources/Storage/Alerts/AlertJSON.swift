public import Values

extension AlertRule {
    fileprivate var members: JSONObject {
        [
            "name": .string(name), "metric": .string(metric), "op": .string(comparison.rawValue),
            "threshold": .double(threshold), "windowMs": .int(window.wholeMilliseconds),
            "workflowId": (workflow?.description).map(JSON.string) ?? .null, "minimumRuns": .int(minimumRuns),
            "channel": channel.map(JSON.string) ?? .null,
        ]
    }
}

extension AlertRow {
    /// The rule as answers show it.
    public var json: JSON {
        var object: JSONObject = ["id": .string(id.description)]
        for member in rule.members { object[member.key] = member.value }
        object["isDefault"] = .bool(isDefault)
        object["isActive"] = .bool(isActive)
        object["state"] = firing == nil ? "ok" : "firing"
        object["firingId"] = (firing?.description).map(JSON.string) ?? .null
        object["createdAt"] = .string(createdAt.description)
        object["updatedAt"] = .string(updatedAt.description)
        return .object(object)
    }
}

extension AlertFiring {
    /// The firing as lists and messages show it.
    public var json: JSON {
        var object: JSONObject = ["id": .string(id.description), "alertId": .string(alert.description)]
        for member in rule.members { object[member.key] = member.value }
        object["value"] = .double(value)
        object["firedAt"] = .string(firedAt.description)
        object["resolvedAt"] = (resolvedAt?.description).map(JSON.string) ?? .null
        return .object(object)
    }
}
