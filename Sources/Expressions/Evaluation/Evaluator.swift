/// Walks a program's nodes and gives the value of each.
struct Evaluator {
    let program: Program
    let scope: any Scope
    let context: EvaluationContext
    let promotesNumbers: Bool
    var meter: Meter
    var locals: [CELValue]
    /// Whether the variable of `cel.bind` in a slot has its value.
    private var isBound: [Bool]

    init(_ program: Program, in scope: any Scope, with context: EvaluationContext, meter: Meter) {
        self.program = program
        self.scope = scope
        self.context = context
        self.meter = meter
        promotesNumbers = program.environment.promotesNumbers
        locals = program.slotCount > 0 ? Array(repeating: .null, count: program.slotCount) : []
        isBound = program.hasBindings ? Array(repeating: false, count: program.slotCount) : []
    }

    mutating func result() throws(Failure) -> CELValue {
        try value(of: program.start)
    }

    /// The value of a node.
    mutating func value(of node: Int32) throws(Failure) -> CELValue {
        try meter.charge(1)
        switch program.nodes[Int(node)] {
        case .constant(let place): return program.constants[Int(place)]
        case .local(let slot): return locals[Int(slot)]
        case .root(let place): return try root(place, at: node)
        case .path(let base, let steps): return try path(from: base, steps)
        case .binary(let sign, let left, let right):
            let leftValue = try value(of: left)
            let rightValue = try value(of: right)
            do {
                return try apply(sign, leftValue, rightValue)
            } catch {
                throw located(error, at: node)
            }
        case .and(let operands): return .bool(try conjunction(operands, decidedBy: false))
        case .or(let operands): return .bool(try conjunction(operands, decidedBy: true))
        case .conditional: return try conditional(node)
        case .call(let function, let operands): return try call(function, operands, at: node)
        default: return try rareValue(of: node)
        }
    }

    /// The kinds of node that are seldom, apart so that the usual ones need little stack.
    @inline(never)
    private mutating func rareValue(of node: Int32) throws(Failure) -> CELValue {
        switch program.nodes[Int(node)] {
        case .unknown(let name): throw located(Failure(.unknownName(program.names[Int(name)])), at: node)
        case .has(let base, let steps): return .bool(try has(base, steps))
        case .not(let operand):
            guard case .bool(let value) = try value(of: operand) else { throw notBoolean("`!`", operand) }
            return .bool(!value)
        case .negate(let operand): return try negate(operand, at: node)
        case .chain(let links): return try chain(links)
        case .list(let elements): return .list(try list(elements))
        case .map(let entries): return .map(try map(entries, at: node))
        case .hostCall(let function, let operands): return try hostCall(function, operands, at: node)
        case .matches(let operand, let pattern): return try matches(operand, pattern, at: node)
        case .extract(let operand, let pattern): return try extract(operand, pattern, at: node)
        case .comprehension(let place): return try comprehension(program.comprehensions[Int(place)], at: node)
        case .bind(let slot, let body):
            isBound[Int(slot)] = false
            return try value(of: body)
        case .bound(let slot, let bound):
            if !isBound[Int(slot)] {
                locals[Int(slot)] = try value(of: bound)
                isBound[Int(slot)] = true
            }
            return locals[Int(slot)]
        case .optionalMap(let slot, let target, let body, let isFlat):
            return try optionalMap(slot, target, body, isFlat: isFlat, at: node)
        case .alternative(let preferred, let otherwise, let isPlain):
            return try alternative(preferred, otherwise, isPlain: isPlain, at: node)
        case .fallback(let preferred, let otherwise):
            do {
                return try value(of: preferred)
            } catch {
                guard case .missingKey = error.reason else { throw error }
                return try value(of: otherwise)
            }
        case .now: return try now(at: node)
        default: throw Failure(.invalidValue("This expression cannot be evaluated."), at: program.ranges[Int(node)])
        }
    }

    func located(_ failure: Failure, at node: Int32) -> Failure {
        failure.located(at: program.ranges[Int(node)])
    }

    // MARK: Names

    @inline(__always)
    private func root(_ place: Int32, at node: Int32) throws(Failure) -> CELValue {
        guard let value = scope.value(ofRoot: program.names[Int(place)]) else {
            throw Failure(.missingKey(program.names[Int(place)]), at: program.ranges[Int(node)])
        }
        return value
    }

    private func now(at node: Int32) throws(Failure) -> CELValue {
        guard let now = context.now, let timestamp = CELTimestamp(now) else {
            throw Failure(.host("`now()` has no value here."), at: program.ranges[Int(node)])
        }
        return .timestamp(timestamp)
    }

    // MARK: Logic

    /// `&&`, decided by false, and `||`, decided by true: an operand that decides counts more than one that fails.
    private mutating func conjunction(_ operands: Range32, decidedBy deciding: Bool) throws(Failure) -> Bool {
        var failure: Failure?
        for place in operands.range {
            let operand = program.children[place]
            do throws(Failure) {
                guard case .bool(let value) = try value(of: operand) else {
                    throw notBoolean(deciding ? "`||`" : "`&&`", operand)
                }
                if value == deciding { return deciding }
            } catch {
                if error.isFatal { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return !deciding
    }

    func notBoolean(_ sign: String, _ operand: Int32) -> Failure {
        let range = program.ranges[Int(operand)]
        return Failure(
            .invalidValue("\(sign) takes only true or false."),
            at: range,
            hint: "Compare the value: `x == y`."
        )
    }

    /// A conditional; a row of them, each the last branch of the one before, needs no deeper stack.
    private mutating func conditional(_ node: Int32) throws(Failure) -> CELValue {
        var node = node
        while case .conditional(let condition, let then, let otherwise) = program.nodes[Int(node)] {
            guard case .bool(let isMet) = try value(of: condition) else { throw notBoolean("`? :`", condition) }
            if isMet { return try value(of: then) }
            node = otherwise
        }
        return try value(of: node)
    }

    // MARK: Lists and maps

    private mutating func list(_ elements: Range32) throws(Failure) -> CELList {
        var values: [CELValue] = []
        values.reserveCapacity(elements.count)
        for place in elements.range {
            let element = program.children[place]
            if element >= 0 {
                values.append(try value(of: element))
            } else if let content = try optional(~element) {
                values.append(content)
            }
        }
        return CELList(values)
    }

    private mutating func map(_ entries: Range32, at node: Int32) throws(Failure) -> CELMap {
        var keys: [CELValue] = []
        var values: [CELValue] = []
        for place in stride(from: Int(entries.start), to: Int(entries.end), by: 2) {
            let key = program.children[place]
            let keyValue = try value(of: key < 0 ? ~key : key)
            try check(key: keyValue, at: key < 0 ? ~key : key)
            if key >= 0 {
                values.append(try value(of: program.children[place + 1]))
            } else if let content = try optional(program.children[place + 1]) {
                values.append(content)
            } else {
                continue
            }
            keys.append(keyValue)
        }
        return try map(keys, values, at: node)
    }

    func check(key: CELValue, at node: Int32) throws(Failure) {
        switch key {
        case .bool, .int, .uint, .string: return
        default:
            let sentence = "A value of the type `\(key.type)` cannot be a key."
            throw Failure(.invalidValue(sentence), at: program.ranges[Int(node)])
        }
    }

    func map(_ keys: [CELValue], _ values: [CELValue], at node: Int32) throws(Failure) -> CELMap {
        guard let map = CELMap(keys: keys, values: values) else {
            throw Failure(.invalidValue("A key stands twice in the map."), at: program.ranges[Int(node)])
        }
        return map
    }

    /// The content of a node's optional.
    private mutating func optional(_ node: Int32) throws(Failure) -> CELValue? {
        guard case .optional(let content) = try value(of: node) else {
            let hint = "Leave the `?` away, or write `optional.of(x)`."
            throw Failure(.invalidValue("After `?` stands no optional."), at: program.ranges[Int(node)], hint: hint)
        }
        return content
    }

    private mutating func optionalMap(
        _ slot: Int32,
        _ target: Int32,
        _ body: Int32,
        isFlat: Bool,
        at node: Int32
    ) throws(Failure) -> CELValue {
        let optional = try value(of: target)
        let name = isFlat ? "optFlatMap" : "optMap"
        guard case .optional(let content) = optional else {
            throw located(Failure(.noOverload(name, types: [optional.type.name])), at: node)
        }
        guard let content else { return optional }
        locals[Int(slot)] = content
        let result = try value(of: body)
        guard isFlat else { return .optional(result) }
        guard case .optional = result else {
            throw located(Failure(.noOverload(name, types: [result.type.name])), at: body)
        }
        return result
    }
}
