/// A URL of a manifest with expressions between `${` and `}`, each written as one segment of the path.
///
/// Three kinds are written otherwise (media manifests §3.2 rule 7): over `vars` alone as they are, since these are
/// manifest text; over `keep` alone, when it is the whole text, as a whole URL that still has to pass `hosts`; and those
/// listed as plain, which may hold `/` but nothing that leads elsewhere.
public struct URLTemplate: Sendable {
    /// A rendered URL.
    public enum Rendered: Sendable, Hashable {
        /// A URL or path written by the manifest, with encoded values.
        case written(String)
        /// A whole URL from a vendor's answer; it must be checked against the allowed hosts.
        case answered(String)
    }

    private enum Rule {
        case segment, asIs, plain
    }

    private let text: HoledText
    private let rules: [Rule]
    private let isAnswered: Bool

    /// Reads a template; `plain` lists the expressions that may hold `/`, as they stand in the text.
    ///
    /// - Throws: ``ExpressionError`` with the place in the text.
    public init(parsing source: String, plain: [String] = [], in environment: Environment) throws(ExpressionError) {
        let text: HoledText
        do {
            text = try HoledText(parsing: source, style: .dollar, in: environment)
        } catch {
            throw ExpressionError(error, in: source)
        }
        self.text = text
        isAnswered = text.isOneHole && text.holes[0].names(only: "keep")
        rules = text.holes.map { hole in
            if hole.names(only: "vars") { return .asIs }
            return plain.contains { $0.trimmed == source.bytes(hole.range) } ? .plain : .segment
        }
    }

    /// Every value of the scope that the text names.
    public var references: [Reference] { text.holes.flatMap(\.expression.references) }

    /// The URL in a scope.
    ///
    /// - Throws: ``ExpressionError``, also when a segment is empty, `.` or `..`.
    public func render(
        in scope: some Scope,
        with context: EvaluationContext = EvaluationContext()
    ) throws(ExpressionError) -> Rendered {
        do throws(Failure) {
            var meter = Meter(limit: text.environment.limits.cost)
            var url = ""
            var number = 0
            for segment in text.segments {
                switch segment {
                case .text(let fixed): url += fixed
                case .hole(let hole):
                    while text.holes[number].range != hole.range { number += 1 }
                    url += try written(hole, rules[number], in: scope, with: context, &meter)
                }
            }
            return isAnswered ? .answered(url) : .written(url)
        } catch {
            throw ExpressionError(error, in: text.source)
        }
    }

    private func written(
        _ hole: HoledText.Hole,
        _ rule: Rule,
        in scope: any Scope,
        with context: EvaluationContext,
        _ meter: inout Meter
    ) throws(Failure) -> String {
        let value = try hole.expression.evaluate(in: scope, with: context, &meter)
        let range = SourceRange(hole.range)
        if case .host(let opaque) = value.unwrapped, opaque.isOpaque {
            throw Failure(.opaque(opaque.typeName), at: range)
        }
        let text: String
        do {
            text = try value.fragment(&meter)
        } catch {
            throw error.located(at: range)
        }
        try meter.charge(bytes: text.utf8.count)
        if isAnswered || rule == .asIs { return text }
        if rule == .plain {
            let isSafe = text.utf8.allSatisfy { Self.isUnreserved($0) || $0 == UInt8(ascii: "/") }
            guard isSafe, !text.isEmpty, !text.split(separator: "/", omittingEmptySubsequences: false).contains("..")
            else {
                throw Failure(.notRepresentable("“\(text.prefix(60))” cannot stand in the path of a URL."), at: range)
            }
            return text
        }
        guard !text.isEmpty, text != ".", text != ".." else {
            throw Failure(.notRepresentable("“\(text)” is no segment of a URL's path."), at: range)
        }
        return Self.encoded(text)
    }

    /// The characters that stand for themselves in a segment (RFC 3986 §2.3).
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        Words.isLetter(byte) || Words.isDigit(byte) || "-.~".utf8.contains(byte)
    }

    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension HoledText.Hole {
    /// Whether the expression names values of one root and nothing else.
    fileprivate func names(only root: String) -> Bool {
        let references = expression.references
        return !references.isEmpty && references.allSatisfy { $0.root == root } && !expression.usesNow
    }
}
