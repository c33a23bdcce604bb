extension Parser {
    // MARK: Macros that stand alone

    /// `has(x.name)`.
    mutating func has(at range: SourceRange) throws(Failure) -> Int32 {
        try expect(.leftParenthesis, "`(`")
        let start = token.range
        let node = try expression()
        let end = try expect(.rightParenthesis, "`)`").range
        guard let test = try builder.addTest(of: node, at: range) else {
            throw Failure(
                .syntax("`has` asks for a member of a value."),
                at: SourceRange(Int(start.start), Int(end.start)),
                hint: "Write `has(x.name)`; for other keys `\"key\" in x`."
            )
        }
        return test
    }

    /// `default(x, y)`.
    mutating func fallback(at range: SourceRange) throws(Failure) -> Int32 {
        try expect(.leftParenthesis, "`(`")
        let value = try expression()
        guard accept(.comma) else { throw misused(.fallback, at: range) }
        let otherwise = try expression()
        guard accept(.rightParenthesis) else { throw misused(.fallback, at: range) }
        return try builder.add(.fallback(value, otherwise), at: range, above: value, otherwise)
    }

    /// `cel.bind(name, value, expression)`.
    mutating func bind(at range: SourceRange) throws(Failure) -> Int32 {
        try expect(.leftParenthesis, "`(`")
        guard peek(1).kind == .comma, let name = variable() else { throw misused(.bind, at: range) }
        advance()
        let value = try expression()
        guard accept(.comma) else { throw misused(.bind, at: range) }
        let (slot, before) = builder.openLateSlot()
        defer { builder.closeLateSlot(backTo: before) }
        let body = try declaring([Variable(name: name, slot: slot, bound: value)]) { (parser) throws(Failure) in
            let body = try parser.expression()
            try parser.expect(.rightParenthesis, "`)`")
            return body
        }
        return try builder.add(.bind(slot: slot, body: body), at: range, above: value, body)
    }

    // MARK: Macros on a value

    /// The macro with its arguments, which begin here; `nil` when it is an ordinary call by the same name.
    mutating func expand(_ macro: Macro, on target: Int32, at range: SourceRange) throws(Failure) -> Int32? {
        try expect(.leftParenthesis, "`(`")
        guard token.kind == .identifier, peek(1).kind == .comma, let first = variable() else {
            throw misused(macro, at: range)
        }
        advance()
        var names = [first]
        if macro.takesTwoVariables, token.kind == .identifier, peek(1).kind == .comma, let second = variable() {
            advance()
            guard second != first else {
                throw Failure(.syntax("Both variables are called `\(second)`."), at: peek(-2).range)
            }
            names.append(second)
        } else if macro.needsTwoVariables {
            throw misused(macro, at: range)
        }
        if macro == .optMap || macro == .optFlatMap {
            return try declaring(names) { (parser, slots) throws(Failure) in
                let body = try parser.expression()
                try parser.expect(.rightParenthesis, "`)`")
                let node = Node.optionalMap(slot: slots[0], target, body: body, isFlat: macro == .optFlatMap)
                return try parser.builder.add(node, at: range, above: target, body)
            }
        }
        return try comprehension(macro, over: target, names, at: range)
    }

    private mutating func comprehension(
        _ macro: Macro,
        over target: Int32,
        _ names: [String],
        at range: SourceRange
    ) throws(Failure) -> Int32 {
        let maximum = environment.limits.nestedMacros
        guard macroDepth < maximum else { throw Failure(.limit(.nestedMacros(maximum)), at: range) }
        macroDepth += 1
        defer { macroDepth -= 1 }
        return try declaring(names) { (parser, slots) throws(Failure) in
            var filter: Int32?
            var body = try parser.expression()
            if macro.takesFilter, parser.accept(.comma) {
                filter = body
                body = try parser.expression()
            }
            guard parser.accept(.rightParenthesis) else {
                throw parser.token.kind == .comma ? parser.misused(macro, at: range) : parser.unexpected("`)`")
            }
            let comprehension = Comprehension(
                kind: macro.comprehension,
                slot: slots[0],
                secondSlot: slots.count > 1 ? slots[1] : nil,
                target: target,
                filter: filter,
                body: body
            )
            return try parser.builder.addComprehension(comprehension, at: range)
        }
    }

    /// A name for a variable, which is read.
    private mutating func variable() -> String? {
        guard token.kind == .identifier, !Words.reserved.contains(text(token)) else { return nil }
        return text(advance())
    }

    private func misused(_ macro: Macro, at range: SourceRange) -> Failure {
        let hint = "Write `\(macro.usage)`; the names are yours to choose."
        return Failure(.syntax("`\(macro.rawValue)` is not written like this."), at: range, hint: hint)
    }
}

extension Macro {
    fileprivate var comprehension: Comprehension.Kind {
        switch self {
        case .all: .all
        case .exists: .exists
        case .existsOne, .existsOneOld: .existsOne
        case .filter: .filter
        case .transformMap: .transformMap
        case .transformMapEntry: .transformMapEntry
        default: .map
        }
    }

    fileprivate var takesTwoVariables: Bool {
        switch self {
        case .all, .exists, .existsOne, .existsOneOld, .transformList, .transformMap, .transformMapEntry: true
        default: false
        }
    }

    fileprivate var needsTwoVariables: Bool {
        switch self {
        case .transformList, .transformMap, .transformMapEntry: true
        default: false
        }
    }

    fileprivate var takesFilter: Bool {
        switch self {
        case .map, .transformList, .transformMap, .transformMapEntry: true
        default: false
        }
    }
}
