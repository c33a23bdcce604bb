extension Evaluator {
    /// The value at the end of a path; from the first step through an optional on it is optional itself.
    mutating func path(from base: Int32, _ steps: Range32) throws(Failure) -> CELValue {
        try walk(from: base, steps.range)
    }

    /// Whether the last step of a path finds something.
    mutating func has(_ base: Int32, _ steps: Range32) throws(Failure) -> Bool {
        let last = Int(steps.end) - 1
        let owner = try walk(from: base, Int(steps.start)..<last)
        let step = program.steps[last]
        guard let target = owner.unwrapped else { return false }
        return try member(program.names[Int(step.value)], of: target, at: step) != nil
    }

    private mutating func walk(from base: Int32, _ steps: Range<Int>) throws(Failure) -> CELValue {
        var current = try value(of: base)
        var isOptional = false
        for place in steps {
            try meter.charge(1)
            let step = program.steps[place]
            if case .optional(let content) = current {
                isOptional = true
                guard let content else { return .none }
                current = content
            }
            if step.kind == .optionalField || step.kind == .optionalIndex { isOptional = true }
            guard let next = try take(step, from: current, isOptional: isOptional) else { return .none }
            current = next
        }
        return isOptional ? .optional(current) : current
    }

    /// The member a step leads to, or `nil` when it is missing and may be.
    @inline(__always)
    private mutating func take(
        _ step: Step,
        from value: CELValue,
        isOptional: Bool
    ) throws(Failure) -> CELValue? {
        switch step.kind {
        case .field, .optionalField:
            let name = program.names[Int(step.value)]
            if let next = try member(name, of: value, at: step) { return next }
            guard isOptional else { throw missing(name, in: value, at: step) }
            return nil
        case .index, .optionalIndex:
            let index = try self.value(of: step.value)
            return try element(index, of: value, at: step, isOptional: isOptional)
        }
    }

    @inline(__always)
    private func member(_ name: String, of value: CELValue, at step: Step) throws(Failure) -> CELValue? {
        switch value {
        case .map(let map): return map[name]
        case .host(let record) where !record.isOpaque: return record.field(name)
        default: throw noMembers(name, value, at: step)
        }
    }

    @inline(never)
    private func missing(_ name: String, in value: CELValue, at step: Step) -> Failure {
        var failure = Failure(.missingKey(name))
        if case .map(let map) = value { failure = .missingKey(name, in: map) }
        return failure.located(at: step.range)
    }

    @inline(never)
    private func noMembers(_ name: String, _ value: CELValue, at step: Step) -> Failure {
        if case .host(let opaque) = value, opaque.isOpaque { return Failure(.opaque(opaque.typeName), at: step.range) }
        if case .list = value {
            return Failure(.noOverload(".\(name)", types: ["list"]), at: step.range, hint: "Write `[0].\(name)`.")
        }
        return Failure(.noOverload(".\(name)", types: [value.type.name]), at: step.range)
    }

    // MARK: Indices

    private func element(
        _ index: CELValue,
        of value: CELValue,
        at step: Step,
        isOptional: Bool
    ) throws(Failure) -> CELValue? {
        switch value {
        case .map(let map):
            if let found = map[index] { return found }
            guard !isOptional else { return nil }
            throw missingKey(index, in: map, at: step)
        case .list(let list):
            guard let place = index.integer else {
                throw Failure(.noOverload("[]", types: ["list", index.type.name]), at: step.range)
            }
            if place >= 0, place < list.count { return list[Int(place)] }
            guard !isOptional else { return nil }
            throw Failure(.indexOutOfRange(place, count: list.count), at: step.range)
        case .host(let record) where !record.isOpaque:
            guard case .string(let name) = index else { throw noMembers("[]", value, at: step) }
            if let found = record.field(name) { return found }
            guard !isOptional else { return nil }
            throw Failure(.missingKey(name), at: step.range)
        default: throw noMembers("[]", value, at: step)
        }
    }

    @inline(never)
    private func missingKey(_ key: CELValue, in map: CELMap, at step: Step) -> Failure {
        switch key {
        case .string(let name): Failure.missingKey(name, in: map).located(at: step.range)
        case .int(let value): Failure(.missingKey(String(value)), at: step.range)
        case .uint(let value): Failure(.missingKey(String(value)), at: step.range)
        case .double(let value): Failure(.missingKey(String(value)), at: step.range)
        case .bool(let value): Failure(.missingKey(String(value)), at: step.range)
        default: Failure(.noOverload("[]", types: ["map", key.type.name]), at: step.range)
        }
    }
}
