/// Why a text is no JSON value within the given limits, and where.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Hashable, Sendable {
        /// The text ends inside a value.
        case unexpectedEnd
        /// A byte stands where the grammar allows none such; the text names what was expected.
        case unexpected(expected: String)
        /// A number is not written as RFC 8259 §6 demands, or lies beyond the range of a double.
        case invalidNumber
        /// A string holds a control character, a wrong escape or half a surrogate pair.
        case invalidString
        /// A string is not valid UTF-8.
        case invalidUTF8
        /// Something follows the value.
        case trailingText
        /// Lists and objects nest deeper than allowed.
        case tooDeep(maximum: Int)
        /// The text is longer than allowed, in bytes.
        case tooLarge(maximum: Int)
    }

    /// What is wrong.
    public let reason: Reason
    /// The byte at which it was noticed, from 0.
    public let offset: Int
    /// The line of that byte, from 1.
    public let line: Int
    /// The byte's column in its line, from 1.
    public let column: Int

    init(_ reason: Reason, at offset: Int, in bytes: Span<UInt8>) {
        self.reason = reason
        self.offset = offset
        var line = 1
        var lineStart = 0
        for place in 0..<min(offset, bytes.count) where bytes[place] == UInt8(ascii: "\n") {
            line += 1
            lineStart = place + 1
        }
        self.line = line
        column = offset - lineStart + 1
    }

    /// The error in one sentence, with line and column.
    public var description: String {
        let what =
            switch reason {
            case .unexpectedEnd: "The JSON text ends too early"
            case .unexpected(let expected): "Expected \(expected)"
            case .invalidNumber: "This is no valid JSON number"
            case .invalidString: "This string holds a control character or a wrong escape"
            case .invalidUTF8: "This string is not valid UTF-8"
            case .trailingText: "Nothing may follow the JSON value"
            case .tooDeep(let maximum): "The JSON value nests deeper than \(maximum) levels"
            case .tooLarge(let maximum): "The JSON text is longer than \(maximum) bytes"
            }
        return "\(what) (line \(line), column \(column))."
    }
}
