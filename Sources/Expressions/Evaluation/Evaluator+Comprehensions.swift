extension Evaluator {
    /// A macro over the elements of a list or the entries of a map.
    mutating func comprehension(_ macro: Comprehension, at node: Int32) throws(Failure) -> CELValue {
        let target = try value(of: macro.target)
        switch target {
        case .list(let list):
            return try run(macro, over: list.count, at: node) { place in
                macro.secondSlot == nil ? (list[place], nil) : (.int(Int64(place)), list[place])
            }
        case .map(let map):
            try meter.charge(map.count)
            if macro.secondSlot == nil {
                let keys = map.keys
                return try run(macro, over: keys.count, at: node) { (keys[$0], nil) }
            }
            let entries = map.entries
            return try run(macro, over: entries.count, at: node) { entries[$0] }
        default:
            throw Failure(
                .invalidValue("A value of the type `\(target.type)` has no elements."),
                at: program.ranges[Int(macro.target)],
                hint: target.type == .optional ? "Take the list out of the optional with `.orValue([])` first." : nil
            )
        }
    }

    private mutating func run(
        _ macro: Comprehension,
        over count: Int,
        at node: Int32,
        _ element: (Int) -> (CELValue, CELValue?)
    ) throws(Failure) -> CELValue {
        switch macro.kind {
        case .all: .bool(try !decide(macro, over: count, false, element))
        case .exists: .bool(try decide(macro, over: count, true, element))
        case .existsOne: .bool(try existsOne(macro, over: count, element))
        case .filter, .map: .list(try collect(macro, over: count, element))
        case .transformMap, .transformMapEntry: .map(try transform(macro, over: count, at: node, element))
        }
    }

    private mutating func assign(_ macro: Comprehension, _ values: (CELValue, CELValue?)) throws(Failure) {
        try meter.charge(1)
        locals[Int(macro.slot)] = values.0
        if let slot = macro.secondSlot, let second = values.1 { locals[Int(slot)] = second }
    }

    private mutating func holds(_ node: Int32) throws(Failure) -> Bool {
        guard case .bool(let value) = try value(of: node) else { throw notBoolean("The condition of a macro", node) }
        return value
    }

    /// Whether one element decides; elements that fail count only when none does.
    private mutating func decide(
        _ macro: Comprehension,
        over count: Int,
        _ deciding: Bool,
        _ element: (Int) -> (CELValue, CELValue?)
    ) throws(Failure) -> Bool {
        var failure: Failure?
        for place in 0..<count {
            do {
                try assign(macro, element(place))
                if try holds(macro.body) == deciding { return true }
            } catch {
                if error.isFatal { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return false
    }

    private mutating func existsOne(
        _ macro: Comprehension,
        over count: Int,
        _ element: (Int) -> (CELValue, CELValue?)
    ) throws(Failure) -> Bool {
        var found = 0
        for place in 0..<count {
            try assign(macro, element(place))
            if try holds(macro.body) { found += 1 }
        }
        return found == 1
    }

    private mutating func collect(
        _ macro: Comprehension,
        over count: Int,
        _ element: (Int) -> (CELValue, CELValue?)
    ) throws(Failure) -> [CELValue] {
        var results: [CELValue] = []
        for place in 0..<count {
            let values = element(place)
            try assign(macro, values)
            if macro.kind == .filter {
                if try holds(macro.body) { results.append(values.0) }
            } else if let filter = macro.filter {
                if try holds(filter) { results.append(try value(of: macro.body)) }
            } else {
                results.append(try value(of: macro.body))
            }
        }
        try meter.charge(results.count)
        return results
    }

    private mutating func transform(
        _ macro: Comprehension,
        over count: Int,
        at node: Int32,
        _ element: (Int) -> (CELValue, CELValue?)
    ) throws(Failure) -> CELMap {
        var keys: [CELValue] = []
        var results: [CELValue] = []
        for place in 0..<count {
            let values = element(place)
            try assign(macro, values)
            if let filter = macro.filter, try !holds(filter) { continue }
            let result = try value(of: macro.body)
            if macro.kind == .transformMap {
                keys.append(values.0)
                results.append(result)
            } else if case .map(let map) = result {
                try meter.charge(map.count)
                for entry in map.entries {
                    keys.append(entry.key)
                    results.append(entry.value)
                }
            } else {
                throw located(Failure(.noOverload("transformMapEntry", types: [result.type.name])), at: macro.body)
            }
        }
        try meter.charge(results.count)
        return try map(keys, results, at: node)
    }
}
