extension Parser {
    /// The call of a function that stands alone; the name has been read, whole in `dotted` when it has several parts.
    mutating func call(_ token: Token, named dotted: String? = nil, from start: SourceRange? = nil) throws(Failure)
        -> Int32
    {
        let name = dotted ?? text(token)
        let range = (start ?? token.range).through(token.range)
        switch Macro.named(name) {
        case .has: return try has(at: range)
        case .fallback: return try fallback(at: range)
        case .bind: return try bind(at: range)
        default: break
        }
        if Words.reserved.contains(name) {
            let hint = name == "if" ? "Write `condition ? a : b`." : nil
            throw Failure(.syntax("`\(name)` is a reserved word and no function."), at: range, hint: hint)
        }
        let place = environment.functions.firstIndex { $0.name == name }
        // A name that is not known is told before anything that may be wrong with its arguments.
        guard place != nil || BuiltIn.named[name]?.arguments != nil || environment.defersNames else {
            throw unknownFunction(name, isMember: false, at: range)
        }
        let arguments = try arguments()
        if let place {
            let accepted = environment.functions[place].arguments
            guard try accepts(arguments.count, within: accepted, of: name, at: range) else {
                return try builder.addUnknown(name, at: range)
            }
            return try builder.add(over: arguments, at: range) { .hostCall(Int32(place), $0) }
        }
        guard let function = BuiltIn.named[name], let accepted = function.arguments else {
            return try builder.addUnknown(name, at: range)
        }
        guard try accepts(arguments.count, within: accepted, of: name, at: range) else {
            return try builder.addUnknown(name, at: range)
        }
        return try call(function, arguments, at: range)
    }

    /// The call of a function on a value; the name has been read.
    mutating func call(_ token: Token, on target: Int32) throws(Failure) -> Int32 {
        let name = text(token)
        let range = token.range
        if let macro = Macro.named(name), macro.isMember, let node = try expand(macro, on: target, at: range) {
            return node
        }
        guard BuiltIn.named[name]?.memberArguments != nil || environment.defersNames else {
            throw unknownFunction(name, isMember: true, at: range)
        }
        let arguments = try arguments()
        guard let function = BuiltIn.named[name], let accepted = function.memberArguments else {
            return try builder.addUnknown(name, at: range)
        }
        guard try accepts(arguments.count, within: accepted, of: name, at: range) else {
            return try builder.addUnknown(name, at: range)
        }
        return try call(function, [target] + arguments, at: range)
    }

    /// Whether a name of several parts, such as `math.ceil`, is a function.
    func knowsFunction(_ name: String) -> Bool {
        BuiltIn.named[name]?.arguments != nil || Macro.named(name)?.isMember == false
            || environment.functions.contains { $0.name == name }
            || BuiltIn.namespaces.contains(String(name.prefix { $0 != "." })) && !environment.isRoot(name)
    }

    private mutating func arguments() throws(Failure) -> [Int32] {
        try expect(.leftParenthesis, "`(`")
        var arguments: [Int32] = []
        if token.kind != .rightParenthesis {
            repeat { arguments.append(try expression()) } while accept(.comma)
        }
        try expect(.rightParenthesis, "`,` or `)`")
        return arguments
    }

    /// Whether the number of arguments is right; where names are deferred, a wrong one is no error of the text either.
    private func accepts(
        _ count: Int,
        within accepted: ClosedRange<Int>,
        of name: String,
        at range: SourceRange
    ) throws(Failure) -> Bool {
        guard !accepted.contains(count) else { return true }
        guard !environment.defersNames else { return false }
        let wanted: String =
            switch (accepted.lowerBound, accepted.upperBound) {
            case (0, 0): "no arguments"
            case (1, 1): "1 argument"
            case (let least, let most) where least == most: "\(least) arguments"
            case (let least, let most): "\(least) to \(most) arguments"
            }
        throw Failure(.syntax("`\(name)` takes \(wanted), not \(count)."), at: range)
    }

    /// A call whose name and number of arguments are right; patterns known now are compiled now.
    mutating func call(_ function: BuiltIn, _ arguments: [Int32], at range: SourceRange) throws(Failure) -> Int32 {
        switch function {
        case .dyn where arguments.count == 1: return arguments[0]
        case .now:
            usesNow = true
            return try builder.add(.now, at: range)
        case .otherwise, .otherwiseValue:
            let node = Node.alternative(arguments[0], arguments[1], isPlain: function == .otherwiseValue)
            return try builder.add(node, at: range, above: arguments[0], arguments[1])
        case .matches, .extract:
            guard arguments.count == 2, case .string(let pattern) = builder.constant(of: arguments[1]) else { break }
            let program: RegexProgram
            do {
                program = try RegexProgram(pattern)
            } catch {
                // The function itself fails when it is reached.
                if environment.defersNames { break }
                throw error.located(at: builder.range(of: arguments[1]))
            }
            let place = builder.place(ofPattern: program)
            let node: Node =
                function == .matches
                ? .matches(arguments[0], pattern: place) : .extract(arguments[0], pattern: place)
            return try builder.add(node, at: range, above: arguments[0])
        default: break
        }
        return try builder.add(over: arguments, at: range) { .call(function, $0) }
    }
}

extension Environment {
    fileprivate func isRoot(_ dotted: String) -> Bool {
        guard case .only(let names) = roots else { return false }
        return names.contains(String(dotted.prefix { $0 != "." }))
    }
}
