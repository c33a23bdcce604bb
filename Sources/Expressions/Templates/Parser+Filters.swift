extension Parser {
    /// The filters of older templates after an expression, `x | upper | default:"y"`, as the functions they stand for.
    ///
    /// The last function becomes the ``result``; what is given back is the text with functions instead of filters.
    mutating func filters(on node: Int32, from first: SourceRange) throws(Failure) -> String {
        var node = node
        var text = text(SourceRange(Int(first.start), Int(peek(-1).range.end)))
        var isTight = builder.isTight(node)
        while accept(.pipe) {
            let name = try expect(.identifier, "the name of a filter")
            let target = isTight ? text : "(\(text))"
            switch self.text(name) {
            case "json":
                node = try call(.json, [node], at: name.range)
                text = "json(\(text))"
            case "default":
                try expect(.colon, "`:` and what to take instead")
                let start = token.range
                let otherwise = try unary()
                node = try builder.add(.fallback(node, otherwise), at: name.range, above: node, otherwise)
                text = "default(\(text), \(self.text(SourceRange(Int(start.start), Int(peek(-1).range.end)))))"
            case "upper":
                node = try call(.upperAscii, [node], at: name.range)
                text = "\(target).upperAscii()"
            case "lower":
                node = try call(.lowerAscii, [node], at: name.range)
                text = "\(target).lowerAscii()"
            case "trim":
                node = try call(.trim, [node], at: name.range)
                text = "\(target).trim()"
            default:
                throw Failure(
                    .unknownFunction(self.text(name)),
                    at: name.range,
                    hint: "The filters are `json`, `default`, `upper`, `lower` and `trim`; write `||` for “or”."
                )
            }
            isTight = true
        }
        result = node
        return text
    }
}
