/// Turns the parts of a template into a value; all its expressions share one meter.
struct JSONTemplateRenderer {
    let context: EvaluationContext
    var meter: Meter

    /// The value of a part, or `nil` when it is dropped.
    mutating func render(_ part: JSONTemplate.Part, in scope: any Scope) throws(ExpressionError) -> CELValue? {
        switch part {
        case .constant(let value): return value
        case .text(let text, let place):
            do {
                return try text.render(in: scope, with: context, &meter)
            } catch {
                throw Self.error(error, in: text.source, at: place)
            }
        case .list(let parts): return .list(try renderAll(parts, in: scope))
        case .map(let members):
            var rendered: [CELMap.Member] = []
            for member in members {
                guard let value = try render(member.value, in: scope) else { continue }
                rendered.append(CELMap.Member(key: member.key, value: value))
            }
            return .map(CELMap(rendered))
        case .condition(let leaf, let then, let otherwise):
            if try isTrue(leaf, in: scope) { return try render(then, in: scope) }
            return try otherwise.flatMap { (part) throws(ExpressionError) in try render(part, in: scope) }
        case .each(let leaf, let name, let body):
            guard let list = try value(of: leaf, in: scope).unwrapped else { return nil }
            return .list(try each(leaf, list, name, body, in: scope))
        case .concat(let parts, let place): return .list(try concat(parts, at: place, in: scope))
        case .merge(let parts, let place): return .map(try merge(parts, at: place, in: scope))
        }
    }

    private mutating func renderAll(_ parts: [JSONTemplate.Part], in scope: any Scope) throws(ExpressionError)
        -> [CELValue]
    {
        var values: [CELValue] = []
        for part in parts {
            if let value = try render(part, in: scope) { values.append(value) }
        }
        return values
    }

    private mutating func value(of leaf: JSONTemplate.Leaf, in scope: any Scope) throws(ExpressionError) -> CELValue {
        do {
            return try leaf.expression.evaluate(in: scope, with: context, &meter)
        } catch {
            throw Self.error(error, in: leaf.expression.text, at: leaf.place)
        }
    }

    private mutating func isTrue(_ leaf: JSONTemplate.Leaf, in scope: any Scope) throws(ExpressionError) -> Bool {
        let value = try value(of: leaf, in: scope)
        guard case .bool(let isTrue) = value else {
            throw Self.wrongType(value, wanted: "true or false", in: leaf.expression.text, at: leaf.place)
        }
        return isTrue
    }

    // MARK: Lists and maps

    private mutating func each(
        _ leaf: JSONTemplate.Leaf,
        _ value: CELValue,
        _ name: String,
        _ body: JSONTemplate.Part,
        in scope: any Scope
    ) throws(ExpressionError) -> [CELValue] {
        guard case .list(let list) = value else {
            throw Self.wrongType(value, wanted: "a list", in: leaf.expression.text, at: leaf.place)
        }
        var values: [CELValue] = []
        for element in list {
            try charge(1, in: leaf.expression.text, at: leaf.place)
            let inner = LayeredScope(name: name, value: element, outer: scope)
            if let value = try render(body, in: inner) { values.append(value) }
        }
        return values
    }

    private mutating func concat(
        _ parts: [JSONTemplate.Part],
        at place: String,
        in scope: any Scope
    ) throws(ExpressionError) -> [CELValue] {
        var values: [CELValue] = []
        for value in try renderAll(parts, in: scope) {
            guard case .list(let list) = value else {
                throw Self.wrongType(value, wanted: "a list", in: "$concat", at: place)
            }
            try charge(list.count, in: "$concat", at: place)
            values += list
        }
        return values
    }

    private mutating func merge(
        _ parts: [JSONTemplate.Part],
        at place: String,
        in scope: any Scope
    ) throws(ExpressionError) -> CELMap {
        var members: [CELMap.Member] = []
        for value in try renderAll(parts, in: scope) {
            guard case .map(let map) = value else {
                throw Self.wrongType(value, wanted: "a map", in: "$merge", at: place)
            }
            try charge(map.count, in: "$merge", at: place)
            for entry in map.entries {
                guard case .string(let key) = entry.key else {
                    throw Self.wrongType(entry.key, wanted: "a text as key", in: "$merge", at: place)
                }
                members.append(CELMap.Member(key: key, value: entry.value))
            }
        }
        return CELMap(members)
    }

    // MARK: Errors

    private mutating func charge(_ units: Int, in text: String, at place: String) throws(ExpressionError) {
        do {
            try meter.charge(units)
        } catch {
            throw Self.error(error, in: text, at: place)
        }
    }

    private static func wrongType(
        _ value: CELValue,
        wanted: String,
        in text: String,
        at place: String
    ) -> ExpressionError {
        error(
            Failure(.invalidValue("Here must be \(wanted), not a value of the type `\(value.type)`.")),
            in: text,
            at: place
        )
    }

    private static func error(_ failure: Failure, in text: String, at place: String) -> ExpressionError {
        var error = ExpressionError(failure, in: text)
        error.place = place.isEmpty ? "/" : place
        return error
    }
}
