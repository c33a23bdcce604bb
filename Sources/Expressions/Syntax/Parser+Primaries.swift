extension Parser {
    /// A literal, a list, a map, or an expression in parentheses.
    mutating func primary() throws(Failure) -> Int32 {
        let token = token
        switch token.kind {
        case .isTrue, .isFalse:
            advance()
            return try builder.addConstant(.bool(token.kind == .isTrue), at: token.range)
        case .isNull:
            advance()
            return try builder.addConstant(.null, at: token.range)
        case .integer, .unsigned, .double:
            advance()
            return try number(token)
        case .string, .bytes:
            advance()
            let isBytes = token.kind == .bytes
            let start = Int(token.range.start)
            let content = try Literals.content(bytes[token.range.range], isBytes: isBytes, at: start)
            let value: CELValue = isBytes ? .bytes(content) : .string(String(decoding: content, as: UTF8.self))
            return try builder.addConstant(value, at: token.range)
        case .leftParenthesis:
            advance()
            let inner = try expression()
            try expect(.rightParenthesis, "`)`")
            return inner
        case .leftBracket: return try list()
        case .leftBrace: return try map()
        default: throw unexpected("a value")
        }
    }

    // MARK: Numbers

    private mutating func number(_ token: Token) throws(Failure) -> Int32 {
        let text = text(token)
        if token.kind == .double {
            guard let value = Double(text) else { throw Failure(.syntax("`\(text)` is no number."), at: token.range) }
            return try builder.addConstant(.double(value), at: token.range)
        }
        guard let magnitude = Literals.magnitude(text) else { throw tooLarge(token) }
        if token.kind == .unsigned { return try builder.addConstant(.uint(magnitude), at: token.range) }
        guard let value = Int64(exactly: magnitude) else { throw tooLarge(token) }
        return try builder.addConstant(.int(value), at: token.range)
    }

    /// A number with a sign before it, which belongs to the literal; `nil` when something else follows.
    mutating func negativeLiteral(after sign: Token) throws(Failure) -> Int32? {
        let token = token
        guard token.kind == .integer || token.kind == .double else { return nil }
        advance()
        let range = SourceRange(Int(token.range.start) - 1, Int(token.range.end))
        if token.kind == .double {
            return try builder.addConstant(.double(-(Double(text(token)) ?? 0)), at: range)
        }
        guard let magnitude = Literals.magnitude(text(token)), magnitude <= 1 << 63 else { throw tooLarge(token) }
        return try builder.addConstant(.int(Int64(truncatingIfNeeded: 0 &- magnitude)), at: range)
    }

    private func tooLarge(_ token: Token) -> Failure {
        let hint = token.kind == .integer ? "Write a `u` after it for an unsigned integer, or `.0` for a double." : nil
        return Failure(.syntax("`\(text(token))` is beyond 64 bits."), at: token.range, hint: hint)
    }

    // MARK: Lists and maps

    private mutating func list() throws(Failure) -> Int32 {
        let start = advance().range
        var elements: [Int32] = []
        while token.kind != .rightBracket {
            let isOptional = accept(.question)
            let element = try expression()
            elements.append(isOptional ? ~element : element)
            guard accept(.comma) else { break }
        }
        let range = start.through(try expect(.rightBracket, "`,` or `]`").range)
        let constants = elements.compactMap { builder.constant(of: $0) }
        if constants.count == elements.count { return try builder.addConstant(.list(constants), at: range) }
        return try builder.add(over: elements, at: range) { .list($0) }
    }

    mutating func map() throws(Failure) -> Int32 {
        let start = try expect(.leftBrace, "`{`").range
        var entries: [Int32] = []
        while token.kind != .rightBrace {
            let isOptional = accept(.question)
            try refuseBareKey()
            let key = try expression()
            try expect(.colon, "`:` between key and value")
            entries.append(isOptional ? ~key : key)
            entries.append(try expression())
            guard accept(.comma) else { break }
        }
        let range = start.through(try expect(.rightBrace, "`,` or `}`").range)
        return try builder.add(over: entries, at: range) { .map($0) }
    }

    /// Keys are values: `{a: 1}` would look for a value named `a`.
    private func refuseBareKey() throws(Failure) {
        guard token.kind == .identifier, peek(1).kind == .colon else { return }
        let name = text(token)
        guard !knows(variable: name), !environment.knows(root: name), CELType.named[name] == nil else { return }
        guard !environment.defersNames else { return }
        throw Failure(.unknownName(name), at: token.range, hint: "Write `\"\(name)\":` for a key of that name.")
    }

    /// The fields of a message, which a host function of that name makes from a map.
    mutating func message(_ name: String, at range: SourceRange) throws(Failure) -> Int32 {
        let start = try expect(.leftBrace, "`{`").range
        var entries: [Int32] = []
        while token.kind != .rightBrace {
            let isOptional = accept(.question)
            let field = try expect(.identifier, "the name of a field")
            let key = try builder.addConstant(.string(text(field)), at: field.range)
            try expect(.colon, "`:` between field and value")
            entries.append(isOptional ? ~key : key)
            entries.append(try expression())
            guard accept(.comma) else { break }
        }
        let end = try expect(.rightBrace, "`,` or `}`").range
        let fields = try builder.add(over: entries, at: start.through(end)) { .map($0) }
        for candidate in candidates(for: name, isAbsolute: false) {
            guard let function = environment.functions.firstIndex(where: { $0.name == candidate }) else { continue }
            return try builder.add(over: [fields], at: range) { .hostCall(Int32(function), $0) }
        }
        if environment.defersNames { return try builder.addUnknown(name, at: range) }
        throw Failure(.unknownName(name), at: range, hint: "A map is written without a name: `{\"key\": value}`.")
    }
}
