/// Why an expression or template cannot be read or has no value, and where.
public struct ExpressionError: Error, Hashable, Sendable {
    /// The bounds an expression must stay within.
    public enum Limit: Hashable, Sendable {
        /// The length of the text in bytes.
        case textBytes(Int)
        /// The nesting of brackets, calls and operators.
        case depth(Int)
        /// The nesting of macros such as `map`.
        case nestedMacros(Int)
        /// The units of work of one evaluation.
        case cost(Int)
        /// The size of the result in bytes.
        case resultBytes(Int)
    }

    /// What is wrong.
    public enum Reason: Hashable, Sendable {
        /// The text does not follow the grammar; the sentence says what is wrong.
        case syntax(String)
        /// Nothing of that name is known.
        case unknownName(String)
        /// No function of that name is known.
        case unknownFunction(String)
        /// A bound is exceeded.
        case limit(Limit)
        /// A map has no such key, an object no such field, or the host has no value of that name now.
        case missingKey(String)
        /// A list is not that long.
        case indexOutOfRange(Int64, count: Int)
        /// The function or operator does not take values of these types.
        case noOverload(String, types: [String])
        /// A division by zero, or a result beyond the range of its type; the sentence says which.
        case arithmetic(String)
        /// A value of the right type that cannot be used; the sentence says why.
        case invalidValue(String)
        /// An opaque of that type was given to a function or operator, or into text that is not fixed.
        case opaque(String)
        /// A value that a text, a JSON document or a URL cannot hold; the sentence says which.
        case notRepresentable(String)
        /// A function of the host failed; the sentence is the host's.
        case host(String)
    }

    /// What is wrong.
    public let reason: Reason
    /// The whole text that was read.
    public let source: String
    /// The bytes of ``source`` that are concerned; empty at its end when something is missing there.
    public let range: Range<Int>
    /// What to do, in one sentence.
    public let suggestion: String
    /// The place of the text inside a larger document as a JSON pointer, or `nil` when it stands alone.
    public internal(set) var place: String?

    init(_ failure: Failure, in source: String) {
        reason = failure.reason
        self.source = source
        let length = source.utf8.count
        let range = failure.range ?? SourceRange(0, length)
        let start = min(max(Int(range.start), 0), length)
        self.range = start..<min(max(Int(range.end), start), length)
        suggestion = failure.suggestion
    }

    /// The line at which the concerned text begins, from 1.
    public var line: Int { location.line }

    /// The column at which the concerned text begins, in characters from 1.
    public var column: Int { location.column }

    /// The line of the text that is concerned, and below it a line of carets that marks what.
    public var excerpt: String { location.excerpt }

    /// Where the concerned text stands.
    public var location: SourceLocation { SourceLocation(of: range, in: source) }
}

extension ExpressionError: CustomStringConvertible {
    /// The place, what is wrong, what to do, and the excerpt.
    public var description: String {
        let location = location
        var text = place.map { "At \($0), line" } ?? "Line"
        text += " \(location.line), column \(location.column): \(message) \(suggestion)"
        return text + "\n\(location.excerpt)"
    }

    /// What is wrong, in one sentence.
    public var message: String {
        switch reason {
        case .syntax(let sentence), .arithmetic(let sentence), .invalidValue(let sentence),
            .notRepresentable(let sentence), .host(let sentence):
            sentence
        case .unknownName(let name): "Nothing is known by the name `\(name)`."
        case .unknownFunction(let name): "There is no function `\(name)`."
        case .limit(let limit): limit.description
        case .missingKey(let name): "There is no `\(name)`."
        case .indexOutOfRange(let index, let count): "The list has \(count) elements, so none at index \(index)."
        case .noOverload(let function, let types): "`\(function)` does not take \(Self.phrase(types))."
        case .opaque(let type): "A value of the type `\(type)` can only stand whole or with fixed text around it."
        }
    }

    private static func phrase(_ types: [String]) -> String {
        guard let last = types.last else { return "no arguments" }
        guard types.count > 1 else { return "a value of the type `\(last)`" }
        return "values of the types \(types.dropLast().map { "`\($0)`" }.joined(separator: ", ")) and `\(last)`"
    }
}

extension ExpressionError.Limit: CustomStringConvertible {
    /// The bound in one sentence.
    public var description: String {
        switch self {
        case .textBytes(let maximum): "The text is longer than \(maximum) bytes."
        case .depth(let maximum): "The expression nests deeper than \(maximum) levels."
        case .nestedMacros(let maximum): "More than \(maximum) macros stand inside one another."
        case .cost(let maximum): "The evaluation needs more than \(maximum) units of work."
        case .resultBytes(let maximum): "The result is larger than \(maximum) bytes."
        }
    }
}
