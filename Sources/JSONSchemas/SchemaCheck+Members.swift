import Values

extension SchemaCheck {
    // MARK: Keywords for lists

    mutating func checkList(_ list: [JSON], _ rule: JSONObject, _ path: [String]) {
        let count = Int64(list.count)
        if let least = rule["minItems"]?.integer, count < least { report(path, "must have at least \(least) items") }
        if let most = rule["maxItems"]?.integer, count > most { report(path, "must have at most \(most) items") }
        if rule["uniqueItems"]?.bool == true, Set(list).count != list.count {
            report(path, "must not hold an item twice")
        }
        // The older drafts wrote the schemas of the first items under items, and those of the rest under another name.
        let first = rule["prefixItems"]?.array ?? rule["items"]?.array ?? []
        let rest = rule["items"]?.array == nil ? rule["items"] : rule["additionalItems"]
        for (number, item) in list.enumerated() {
            guard let schema = number < first.count ? first[number] : rest else { break }
            check(item, schema, path + ["\(number)"])
        }
        guard let wanted = rule["contains"] else { return }
        let found = Int64(list.count { fits($0, wanted) })
        let least = rule["minContains"]?.integer ?? 1
        if found < least { report(path, "must hold at least \(least) items as contains says") }
        if let most = rule["maxContains"]?.integer, found > most {
            report(path, "must hold at most \(most) items as contains says")
        }
    }

    // MARK: Keywords for objects

    mutating func checkObject(_ object: JSONObject, _ rule: JSONObject, _ path: [String]) {
        let count = Int64(object.count)
        if let least = rule["minProperties"]?.integer, count < least {
            report(path, "must have at least \(least) members")
        }
        if let most = rule["maxProperties"]?.integer, count > most { report(path, "must have at most \(most) members") }
        let required = rule["required"]?.array ?? []
        work -= required.count
        for name in required where work >= 0 {
            if let name = name.string, object[name] == nil { report(path, "needs a member \(name)") }
        }
        for dependency in rule["dependentRequired"]?.object ?? JSONObject() where object[dependency.key] != nil {
            for name in dependency.value.array ?? [] {
                if let name = name.string, object[name] == nil {
                    report(path, "needs a member \(name), because it has \(dependency.key)")
                }
            }
        }
        for dependency in rule["dependentSchemas"]?.object ?? JSONObject() where object[dependency.key] != nil {
            check(.object(object), dependency.value, path)
        }
        for member in object { checkMember(member, rule, path) }
    }

    private mutating func checkMember(_ member: JSONObject.Member, _ rule: JSONObject, _ path: [String]) {
        let place = path + [member.key]
        if let names = rule["propertyNames"], !fits(.string(member.key), names) {
            report(place, "has a name that does not fit propertyNames")
        }
        var isKnown = false
        if let schema = rule["properties"]?[member.key] {
            isKnown = true
            check(member.value, schema, place)
        }
        for pattern in rule["patternProperties"]?.object ?? JSONObject() where matches(pattern.key, member.key) {
            isKnown = true
            check(member.value, pattern.value, place)
        }
        guard !isKnown, let others = rule["additionalProperties"] else { return }
        if others.bool == false {
            report(place, "is not a known member")
        } else {
            check(member.value, others, place)
        }
    }
}
