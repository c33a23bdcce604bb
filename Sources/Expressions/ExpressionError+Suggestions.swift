extension ExpressionError.Reason {
    /// What helps against errors of this kind, where nothing nearer is known.
    var suggestion: String {
        switch self {
        case .syntax: "Look at the brackets, quotes and operators before the mark."
        case .unknownName: "Check its spelling, or put it in quotes if it is a text."
        case .unknownFunction: "The page about expressions lists all functions."
        case .limit(let limit): limit.suggestion
        case .missingKey(let name): "Write `default(x, y)` if `\(name)` may be missing."
        case .indexOutOfRange(let index, _): "Write `[?\(index)]` for an optional."
        case .noOverload(_, let types) where Set(types).count > 1:
            "Make both of one type, with `double(x)`, `int(x)` or `string(x)`."
        case .noOverload:
            "Convert the value first, with `double(x)`, `int(x)` or `string(x)`, or check it with `type(x)`."
        case .arithmetic: "Check the numbers before, as in `y == 0 ? 0 : x / y`, or calculate with `double(x)`."
        case .invalidValue: "Check the value before it is used, as in `x.matches('^[0-9]+$') ? int(x) : 0`."
        case .opaque: "Let it stand alone between the braces, with fixed text before or after it."
        case .notRepresentable: "Convert it first, as with `string(x)`."
        case .host: "Look at the values that the function is given."
        }
    }
}

extension ExpressionError.Limit {
    /// How to stay within the bound.
    var suggestion: String {
        switch self {
        case .textBytes: "Divide it among several nodes."
        case .depth: "Give parts of it a name with `cel.bind(name, value, expression)`, or use several nodes."
        case .nestedMacros: "Prepare the inner lists in a node of its own."
        case .cost: "Work on shorter lists and texts, or let an iterator take the items one by one."
        case .resultBytes: "Take only the part of it that is needed."
        }
    }
}
