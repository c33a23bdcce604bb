import Values

/// A text with expressions in it, each between an opening and a closing sign.
struct HoledText: Sendable {
    /// The signs round an expression.
    enum Style {
        /// `{{ … }}`, as in workflows, where a `|` begins a filter.
        case braces
        /// `${…}`, as in manifests.
        case dollar

        var opening: [UInt8] { self == .braces ? [0x7B, 0x7B] : [0x24, 0x7B] }
        var closing: [UInt8] { self == .braces ? [0x7D, 0x7D] : [0x7D] }
    }

    enum Segment {
        case text(String)
        case hole(Hole)
    }

    struct Hole {
        let expression: Expression
        /// The bytes of the expression with its filters.
        let range: Range<Int>
        /// The expression with functions instead of filters, where it has filters.
        let rewritten: String?
    }

    let source: String
    let environment: Environment
    private(set) var segments: [Segment] = []
    /// Every expression, also those that are fixed text.
    private(set) var holes: [Hole] = []
    /// Whether the text is a single expression, whose value keeps its type.
    let isOneHole: Bool

    /// Reads a text whose signs are of a style.
    init(parsing source: String, style: Style, in environment: Environment) throws(Failure) {
        self.source = source
        self.environment = environment
        let bytes = Array(source.utf8)
        var textStart = 0
        var place = 0
        var count = 0
        while let opening = Self.find(style.opening, in: bytes, from: place) {
            if opening > textStart { segments.append(.text(source.bytes(textStart..<opening))) }
            let hole: Hole
            (hole, place) = try Self.hole(in: source, bytes, at: opening, style, environment)
            holes.append(hole)
            segments.append(hole.expression.fixedText.map { .text($0) } ?? .hole(hole))
            textStart = place
            count += 1
        }
        if textStart < bytes.count { segments.append(.text(source.bytes(textStart..<bytes.count))) }
        isOneHole = count == 1 && segments.count == 1
    }

    private static func find(_ sign: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        var place = start
        while place + sign.count <= bytes.count {
            if bytes[place] == sign[0], bytes[place + 1] == sign[1] { return place }
            place += 1
        }
        return nil
    }

    /// The expression whose opening sign stands at a place, and the place after its closing sign.
    private static func hole(
        in source: String,
        _ bytes: [UInt8],
        at opening: Int,
        _ style: Style,
        _ environment: Environment
    ) throws(Failure) -> (Hole, Int) {
        let start = opening + 2
        var parser = try Parser(source: source, bytes: bytes, from: start, to: .brace, in: environment)
        let first = parser.token.range
        let node = try parser.expression()
        var rewritten: String?
        let end: Int32
        if style == .braces, parser.token.kind == .pipe {
            rewritten = try parser.filters(on: node, from: first)
        }
        end = parser.peek(-1).range.end
        let last = parser.token
        guard last.kind == .end else { throw parser.unexpected("an operator or the end of the expression") }
        let closing = Int(last.range.start)
        guard bytes[closing...].starts(with: style.closing) else {
            let sign = style == .braces ? "`}}`" : "`}`"
            throw Failure(
                .syntax("The expression that begins here is not closed by \(sign)."),
                at: SourceRange(opening, start),
                hint: "Write `\(style == .braces ? "{{ \"{{\" }}" : "${'${'}")` for the signs themselves."
            )
        }
        let program = parser.program(from: parser.result ?? node)
        let range = SourceRange(Int(first.start), Int(end)).range
        let hole = Hole(expression: Expression(program, parser), range: range, rewritten: rewritten)
        return (hole, closing + style.closing.count)
    }

    // MARK: Rendering

    /// The value of a text that is one expression, otherwise a text; `nil` for an empty optional.
    func render(in scope: any Scope, with context: EvaluationContext, _ meter: inout Meter) throws(Failure) -> CELValue?
    {
        if isOneHole, case .hole(let hole) = segments[0] {
            let value = try value(of: hole, in: scope, with: context, &meter)
            return value.unwrapped
        }
        var text = ""
        var opaque: (any HostValue)?
        var prefix = ""
        for segment in segments {
            switch segment {
            case .text(let fixed): text += fixed
            case .hole(let hole):
                let value = try value(of: hole, in: scope, with: context, &meter)
                if case .host(let host) = value.unwrapped, host.isOpaque {
                    guard isOnlyHole else { throw Failure(.opaque(host.typeName), at: SourceRange(hole.range)) }
                    opaque = host
                    prefix = text
                    text = ""
                } else {
                    do {
                        text += try value.fragment(&meter)
                    } catch {
                        throw error.located(at: SourceRange(hole.range))
                    }
                }
            }
            guard text.utf8.count <= environment.limits.resultBytes else { throw tooLarge }
        }
        if let opaque { return .host(AffixedOpaque(prefix: prefix, opaque: opaque, suffix: text)) }
        return .string(text)
    }

    private func value(
        of hole: Hole,
        in scope: any Scope,
        with context: EvaluationContext,
        _ meter: inout Meter
    ) throws(Failure) -> CELValue {
        let value = try hole.expression.evaluate(in: scope, with: context, &meter)
        guard !value.isLarger(than: environment.limits.resultBytes) else { throw tooLarge }
        return value
    }

    private var tooLarge: Failure { Failure(.limit(.resultBytes(environment.limits.resultBytes))) }

    /// Whether everything but one expression is fixed text.
    private var isOnlyHole: Bool {
        segments.count { segment in
            if case .hole = segment { true } else { false }
        } == 1
    }
}

extension Expression {
    /// The text of an expression that is nothing but a text.
    fileprivate var fixedText: String? {
        guard case .constant(let place) = program.nodes[Int(program.start)] else { return nil }
        return program.constants[Int(place)].string
    }
}

extension SourceRange {
    init(_ range: Range<Int>) {
        self.init(range.lowerBound, range.upperBound)
    }
}

extension CELValue {
    /// The value inside a text: texts as they are, numbers and Booleans as in JSON, lists and maps as compact JSON.
    func fragment(_ meter: inout Meter) throws(Failure) -> String {
        switch self {
        case .string(let text): return text
        case .bool(let value): return String(value)
        case .int(let value): return String(value)
        case .uint(let value): return String(value)
        case .double(let value):
            guard value.isFinite else {
                throw Failure(.notRepresentable("The number \(value) cannot stand in a text."))
            }
            return value.celText
        case .list, .map:
            try meter.charge(traversing: self)
            return try converted().text
        case .timestamp(let value): return value.description
        case .duration(let value): return value.description
        case .optional(let content?): return try content.fragment(&meter)
        case .optional: throw unfit("An empty optional", hint: "Write `.orValue(\"\")` after it.")
        case .null: throw unfit("Null", hint: "Write `x == null ? \"\" : x`.")
        case .bytes: throw unfit("A value of the type `bytes`", hint: "Write `base64.encode(x)` or `string(x)`.")
        case .type: throw unfit("A type", hint: nil)
        case .host(let value):
            let hint = value.field("url") == nil ? nil : "Write `.url` after it for its address."
            throw unfit("A value of the type `\(value.typeName)`", hint: hint)
        }
    }

    private func unfit(_ subject: String, hint: String?) -> Failure {
        Failure(.notRepresentable("\(subject) cannot stand inside a text."), hint: hint)
    }
}
