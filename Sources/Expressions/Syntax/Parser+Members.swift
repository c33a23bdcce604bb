/// A step of a path while it is read, with the constant name it gives to references.
struct PendingStep {
    let step: Step
    let member: Reference.Member?
}

extension Parser {
    /// The most parts of a name that the environment may know as one.
    private static let maximumParts = 16

    /// A primary with its members, indices and calls.
    mutating func member() throws(Failure) -> Int32 {
        guard token.kind == .identifier || token.kind == .dot && peek(1).kind == .identifier else {
            return try member(of: try primary())
        }
        let (base, steps) = try name()
        return try member(of: base, steps, isName: true)
    }

    /// A value that has been read, with the members, indices and calls after it.
    mutating func member(of first: Int32, _ read: [PendingStep] = [], isName: Bool = false) throws(Failure) -> Int32 {
        var base = first
        var steps = read
        var root = isName ? base : -1
        while true {
            switch token.kind {
            case .dot where peek(2).kind == .leftParenthesis && peek(1).kind == .identifier:
                advance()
                let name = advance()
                base = try call(name, on: try close(base, &steps, isRoot: base == root))
                root = -1
            case .dot: steps.append(try field())
            case .leftBracket: steps.append(try index())
            default: return try close(base, &steps, isRoot: base == root)
            }
        }
    }

    /// The path so far as one node.
    private mutating func close(
        _ base: Int32,
        _ steps: inout [PendingStep],
        isRoot: Bool
    ) throws(Failure) -> Int32 {
        if isRoot, case .root(let place) = builder.nodes[Int(base)] {
            let range = builder.range(of: base).range
            let path = steps.prefix { $0.member != nil }.compactMap(\.member)
            references.append(Reference(root: builder.names[Int(place)], rootRange: range, path: path))
        }
        guard let last = steps.last else { return base }
        let range = builder.range(of: base).through(last.step.range)
        defer { steps = [] }
        return try builder.addPath(from: base, steps.map(\.step), at: range)
    }

    /// `.name`, `.?name`, or one of them with the name in backticks.
    private mutating func field() throws(Failure) -> PendingStep {
        let point = advance()
        let isOptional = accept(.question)
        let token = token
        guard token.kind == .identifier || token.kind == .quotedIdentifier else {
            throw unexpected("the name of a member", hint: memberHint)
        }
        advance()
        var name = text(token)
        if token.kind == .quotedIdentifier { name = String(name.dropFirst().dropLast()) }
        let range = point.range.through(token.range)
        let step = Step(kind: isOptional ? .optionalField : .field, value: builder.place(ofName: name), range: range)
        let member = Reference.Member(
            name: name,
            isOptional: isOptional,
            nameRange: token.range.range,
            range: range.range
        )
        return PendingStep(step: step, member: member)
    }

    private var memberHint: String? {
        switch token.kind {
        case .integer, .unsigned: "Write `[\(text(token))]` for an element of a list."
        case .string: "Write `[\(text(token))]` for a member with that name."
        case .isIn, .isTrue, .isFalse, .isNull: "Write `[\"\(text(token))\"]` for a member with that name."
        default: nil
        }
    }

    /// `[x]` or `[?x]`.
    private mutating func index() throws(Failure) -> PendingStep {
        let bracket = advance()
        let isOptional = accept(.question)
        let start = token.range
        let node = try expression()
        let end = try expect(.rightBracket, "`]`").range
        let range = bracket.range.through(end)
        if case .string(let name) = builder.constant(of: node) {
            let place = builder.place(ofName: name)
            let step = Step(kind: isOptional ? .optionalField : .field, value: place, range: range)
            let isLiteral = builder.range(of: node) == start
            let member = Reference.Member(
                name: name,
                isOptional: isOptional,
                nameRange: start.range,
                range: range.range
            )
            // A key in parentheses is constant too, but nothing that a renaming could replace.
            return PendingStep(step: step, member: isLiteral ? member : nil)
        }
        let step = Step(kind: isOptional ? .optionalIndex : .index, value: node, range: range)
        return PendingStep(step: step, member: nil)
    }

    // MARK: Names

    /// A name of the scope, of a variable or type, or the call of a function, with the members that were read with it.
    private mutating func name() throws(Failure) -> (base: Int32, steps: [PendingStep]) {
        let isAbsolute = token.kind == .dot
        let start = advance()
        let first = isAbsolute ? advance() : start
        let name = text(first)
        let range = start.range.through(first.range)
        if token.kind == .leftParenthesis { return (try call(first), []) }
        if !isAbsolute, let variable = try variable(name, at: range) { return (variable, []) }

        var fields: [PendingStep] = []
        while token.kind == .dot, peek(1).kind == .identifier, peek(2).kind != .leftParenthesis {
            fields.append(try field())
        }
        var parts = [name] + fields.compactMap(\.member?.name)
        if token.kind == .dot, peek(2).kind == .leftParenthesis, peek(1).kind == .identifier {
            parts.append(text(peek(1)))
            if knowsFunction(parts.joined(separator: ".")) {
                advance()
                return (try call(advance(), named: parts.joined(separator: "."), from: range), [])
            }
            parts.removeLast()
        }
        if token.kind == .leftBrace {
            let end = fields.last?.step.range ?? range
            return (try message(parts.joined(separator: "."), at: range.through(end)), [])
        }
        if Words.reserved.contains(name) {
            throw Failure(.syntax("`\(name)` is a reserved word and cannot be a name."), at: first.range)
        }
        return try resolve(parts, fields, at: range, isAbsolute: isAbsolute)
    }

    /// The longest beginning of a dotted name that the environment knows, and the rest as members of it.
    private mutating func resolve(
        _ parts: [String],
        _ fields: [PendingStep],
        at range: SourceRange,
        isAbsolute: Bool
    ) throws(Failure) -> (base: Int32, steps: [PendingStep]) {
        for length in stride(from: min(parts.count, Self.maximumParts), through: 1, by: -1) {
            let name = parts[..<length].joined(separator: ".")
            let range = length > 1 ? range.through(fields[length - 2].step.range) : range
            let rest = Array(fields[(length - 1)...])
            for candidate in candidates(for: name, isAbsolute: isAbsolute) {
                if case .only(let roots) = environment.roots, roots.contains(candidate) {
                    return (try builder.add(.root(builder.place(ofName: candidate)), at: range), rest)
                }
                if let type = CELType.named[candidate] {
                    return (try builder.addConstant(.type(type), at: range), rest)
                }
            }
        }
        if case .any = environment.roots, environment.hints[parts[0]] == nil {
            return (try builder.add(.root(builder.place(ofName: parts[0])), at: range), fields)
        }
        if environment.defersNames { return (try builder.addUnknown(parts[0], at: range), fields) }
        throw unknownName(parts[0], at: range)
    }

    /// The name inside the container and its parents, the innermost first, then as it stands.
    func candidates(for name: String, isAbsolute: Bool) -> [String] {
        guard !isAbsolute, !environment.container.isEmpty else { return [name] }
        var container = environment.container.split(separator: ".")
        var candidates: [String] = []
        while !container.isEmpty {
            candidates.append(container.joined(separator: ".") + "." + name)
            container.removeLast()
        }
        return candidates + [name]
    }
}
