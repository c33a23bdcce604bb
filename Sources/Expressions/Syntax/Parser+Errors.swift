extension Parser {
    /// What stands here is not what the grammar wants.
    func unexpected(_ expected: String, hint: String? = nil) -> Failure {
        let found = token.kind == .end ? "the end" : "`\(text(token))`"
        return Failure(
            .syntax("Expected \(expected), but found \(found)."),
            at: token.range,
            hint: hint ?? commonMistake
        )
    }

    private var commonMistake: String? {
        switch token.kind {
        case .identifier:
            switch text(token).lowercased() {
            case "and": "Write `&&` for “and”."
            case "or": "Write `||` for “or”."
            case "not": "Write `!` for “not”."
            case "is", "eq", "equals": "Write `==` to compare."
            case "if", "then", "else": "Write `condition ? a : b`."
            case "contains", "matches", "startswith", "endswith": "Write `x.\(text(token))(y)`."
            default: nil
            }
        case .pipe: "Write `||` for “or”."
        case .question where isAfter(.question): "Write `default(x, y)`, or `x.?y.orValue(z)`."
        case .question: "Write `condition ? a : b`."
        case .string where isAfter(.string): "Write `+` between texts."
        case .star where isAfter(.star), .plus where isAfter(.plus): "There is no such operator."
        case .leftBrace: "Maps stand in braces: `{\"key\": value}`."
        case .colon: "Write `{\"key\": value}` for a map, or `condition ? a : b`."
        default: nil
        }
    }

    private func isAfter(_ kind: Token.Kind) -> Bool { peek(-1).kind == kind }

    func missingColon(after question: Token) -> Failure {
        let next = Int(question.range.end)
        if next < bytes.count, bytes[next] == UInt8(ascii: ".") {
            return Failure(
                .syntax("`?.` begins a choice between two values, and its `:` is missing."),
                at: question.range,
                hint: "Write `.?name` for a member that may be missing."
            )
        }
        return unexpected("`:` and what to take otherwise")
    }

    func unknownName(_ name: String, at range: SourceRange) -> Failure {
        var hint = environment.hints[name] ?? nearestName(to: name)
        let start = Int(range.start)
        if start > 0, bytes[start] == UInt8(ascii: "."), bytes[start - 1] == UInt8(ascii: "?") {
            hint = "Write `.?\(name)` for a member that may be missing."
        }
        return Failure(.unknownName(name), at: range, hint: name == "not" ? "Write `!` for “not”." : hint)
    }

    private func nearestName(to name: String) -> String? {
        guard case .only(let roots) = environment.roots else { return nil }
        if let near = Spelling.nearest(to: name, among: roots.sorted() + variables.sorted()) {
            return "Did you mean `\(near)`?"
        }
        if BuiltIn.named[name] != nil { return "`\(name)` is a function: write `\(name)(…)`." }
        let known = roots.sorted().prefix(8).map { "`\($0)`" }.joined(separator: ", ")
        return known.isEmpty ? nil : "Known here: \(known)\(roots.count > 8 ? ", …" : "")."
    }

    func unknownFunction(_ name: String, isMember: Bool, at range: SourceRange) -> Failure {
        Failure(.unknownFunction(name), at: range, hint: nearestFunction(to: name, isMember: isMember))
    }

    private func nearestFunction(to name: String, isMember: Bool) -> String? {
        if Macro.named(name) != nil, !isMember { return "Write `list.\(name)(x, …)`." }
        if let function = BuiltIn.named[name] {
            return function.arguments == nil ? "Write `x.\(name)(…)`." : "Write `\(name)(x)`."
        }
        if let meant = Self.meant[name.lowercased()] { return "Write `\(meant)`." }
        let functions = BuiltIn.allCases.filter { isMember ? $0.memberArguments != nil : $0.arguments != nil }
        var names = functions.map(\.rawValue) + Macro.names(asMember: isMember)
        if !isMember { names += environment.functions.map(\.name) }
        return Spelling.nearest(to: name, among: names).map { "Did you mean `\($0)`?" }
    }

    /// What functions of other languages are called here.
    private static let meant: [String: String] = [
        "length": "size(x)", "len": "size(x)", "count": "size(x)", "toupper": "x.upperAscii()",
        "touppercase": "x.upperAscii()", "upper": "x.upperAscii()", "uppercase": "x.upperAscii()",
        "tolower": "x.lowerAscii()", "tolowercase": "x.lowerAscii()", "lower": "x.lowerAscii()",
        "lowercase": "x.lowerAscii()", "includes": "x.contains(y)", "tostring": "string(x)", "str": "string(x)",
        "parseint": "int(x)", "tonumber": "double(x)", "number": "double(x)", "float": "double(x)",
        "parsefloat": "double(x)", "boolean": "bool(x)", "strip": "x.trim()", "concat": "x + y",
        "if": "condition ? a : b", "iif": "condition ? a : b", "coalesce": "default(x, y)", "ifnull": "default(x, y)",
        "slice": "x.substring(from, to)", "substr": "x.substring(from, to)", "tojson": "json(x)",
        "fromjson": "parseJson(x)", "jsonparse": "parseJson(x)", "round": "math.round(x)", "floor": "math.floor(x)",
        "ceil": "math.ceil(x)", "abs": "math.abs(x)", "min": "math.least(x, y)", "max": "math.greatest(x, y)",
        "any": "list.exists(x, …)", "some": "list.exists(x, …)", "every": "list.all(x, …)",
        "foreach": "list.map(x, …)", "exists": "has(x.y)", "isset": "has(x.y)", "defined": "has(x.y)",
        "typeof": "type(x)", "date": "timestamp(x)", "today": "now()", "test": "x.matches(pattern)",
        "match": "x.matches(pattern)", "keys": "map.map(key, key)", "at": "list[index]", "get": "map[?key]",
    ]
}
