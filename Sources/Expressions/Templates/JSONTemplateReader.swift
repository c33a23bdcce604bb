import Values

/// Turns a JSON document into the parts of a template.
struct JSONTemplateReader {
    private typealias Part = JSONTemplate.Part

    private(set) var references: [Reference] = []
    private(set) var usesNow = false
    /// The names of the `$each` round the present place.
    private var names: [String] = []
    private let outermost: Environment

    init(_ environment: Environment) {
        outermost = environment
    }

    /// The part of one value at a JSON pointer.
    mutating func part(_ json: JSON, at place: String, in environment: Environment) throws(ExpressionError)
        -> JSONTemplate.Part
    {
        switch json {
        case .string(let text): return try self.text(text, at: place, in: environment)
        case .array(let elements):
            let parts = try self.parts(elements, at: place, in: environment)
            return Self.constants(parts).map { .constant(.list($0)) } ?? .list(parts)
        case .object(let object): return try self.object(object, at: place, in: environment)
        default: return .constant(CELValue(json))
        }
    }

    private mutating func parts(
        _ elements: [JSON],
        at place: String,
        in environment: Environment
    ) throws(ExpressionError) -> [JSONTemplate.Part] {
        var parts: [Part] = []
        for (index, element) in elements.enumerated() {
            parts.append(try part(element, at: "\(place)/\(index)", in: environment))
        }
        return parts
    }

    private mutating func text(
        _ text: String,
        at place: String,
        in environment: Environment
    ) throws(ExpressionError) -> JSONTemplate.Part {
        let holed: HoledText
        do {
            holed = try HoledText(parsing: text, style: .dollar, in: environment)
        } catch {
            throw Self.error(error, in: text, at: place)
        }
        for hole in holed.holes { note(hole.expression) }
        return holed.holes.isEmpty ? .constant(.string(text)) : .text(holed, place: place)
    }

    private mutating func note(_ expression: Expression) {
        references += expression.references.filter { !names.contains($0.root) }
        usesNow = usesNow || expression.usesNow
    }

    private static func constants(_ parts: [JSONTemplate.Part]) -> [CELValue]? {
        var values: [CELValue] = []
        for part in parts {
            guard case .constant(let value) = part else { return nil }
            values.append(value)
        }
        return values
    }

    private static func error(_ failure: Failure, in text: String, at place: String) -> ExpressionError {
        var error = ExpressionError(failure, in: text)
        error.place = place.isEmpty ? "/" : place
        return error
    }

    // MARK: Objects

    private mutating func object(
        _ object: JSONObject,
        at place: String,
        in environment: Environment
    ) throws(ExpressionError) -> JSONTemplate.Part {
        guard let sign = object.keys.first(where: { $0.hasPrefix("$") }) else {
            var members: [(key: String, value: Part)] = []
            for member in object {
                let pointer = "\(place)/\(Self.escaped(member.key))"
                members.append((member.key, try part(member.value, at: pointer, in: environment)))
            }
            guard let values = Self.constants(members.map(\.value)) else { return .map(members) }
            return .constant(.map(CELMap(zip(members, values).map { CELMap.Member(key: $0.key, value: $1) })))
        }
        switch sign {
        case "$if":
            try require(object, ["$if", "then", "else"], at: place)
            let condition = try leaf(object["$if"], at: "\(place)/$if", in: environment)
            guard let then = object["then"] else { throw misused(sign, at: place) }
            let thenPart = try part(then, at: "\(place)/then", in: environment)
            let otherwise = object["else"]
            let elsePart = try otherwise.map { (json) throws(ExpressionError) in
                try part(json, at: "\(place)/else", in: environment)
            }
            return .condition(condition, then: thenPart, otherwise: elsePart)
        case "$each": return try each(object, at: place, in: environment)
        case "$concat", "$merge":
            try require(object, [sign], at: place)
            guard let elements = object[sign]?.array else { throw misused(sign, at: place) }
            let parts = try parts(elements, at: "\(place)/\(sign)", in: environment)
            return sign == "$concat" ? .concat(parts, place: place) : .merge(parts, place: place)
        default:
            let near = Spelling.nearest(to: sign, among: ["$if", "$each", "$concat", "$merge"])
            let failure = Failure(.unknownName(sign), hint: near.map { "Did you mean `\($0)`?" })
            throw Self.error(failure, in: sign, at: place)
        }
    }

    private mutating func each(
        _ object: JSONObject,
        at place: String,
        in environment: Environment
    ) throws(ExpressionError) -> JSONTemplate.Part {
        try require(object, ["$each", "as", "do"], at: place)
        let list = try leaf(object["$each"], at: "\(place)/$each", in: environment)
        guard let name = object["as"]?.string, let body = object["do"] else { throw misused("$each", at: place) }
        // Where every root is known, only the names of the environment itself are taken.
        var isTaken = names.contains(name)
        if case .only = outermost.roots { isTaken = isTaken || outermost.knows(root: name) }
        guard Words.isIdentifier(name), !isTaken else {
            let failure = Failure(
                .invalidValue("`\(name)` cannot be the name of an element."),
                hint: "Choose an identifier that is no root and no reserved word."
            )
            throw Self.error(failure, in: name, at: "\(place)/as")
        }
        names.append(name)
        defer { names.removeLast() }
        return .each(list, name: name, try part(body, at: "\(place)/do", in: environment.adding(root: name)))
    }

    private mutating func leaf(
        _ json: JSON?,
        at place: String,
        in environment: Environment
    ) throws(ExpressionError) -> JSONTemplate.Leaf {
        guard let text = json?.string else {
            throw Self.error(Failure(.syntax("An expression stands here as a text.")), in: "", at: place)
        }
        do {
            let expression = try Expression(parsing: text, in: environment)
            note(expression)
            return JSONTemplate.Leaf(expression: expression, place: place)
        } catch {
            var error = error
            error.place = place
            throw error
        }
    }

    private func require(_ object: JSONObject, _ members: Set<String>, at place: String) throws(ExpressionError) {
        guard let other = object.keys.first(where: { !members.contains($0) }) else { return }
        let known = members.sorted().map { "`\($0)`" }.joined(separator: ", ")
        let failure = Failure(.unknownName(other), hint: "Here stand only \(known).")
        throw Self.error(failure, in: other, at: place)
    }

    private func misused(_ sign: String, at place: String) -> ExpressionError {
        let form =
            switch sign {
            case "$if": #"{"$if": condition, "then": value, "else": value}"#
            case "$each": #"{"$each": list, "as": name, "do": value}"#
            default: "{\"\(sign)\": [values]}"
            }
        return Self.error(Failure(.syntax("`\(sign)` is written `\(form)`.")), in: sign, at: place)
    }

    private static func escaped(_ key: String) -> String {
        // RFC 6901, JSON Pointer.
        key.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
    }
}
