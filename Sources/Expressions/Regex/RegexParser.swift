/// Reads the syntax of RE2 (github.com/google/re2/wiki/Syntax), without scripts and single bytes.
struct RegexParser {
    private static let maximumDepth = 60
    private static let maximumRepetition = 1000

    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotMatchesLineEnd = false
        var isLazy = false
    }

    let scalars: [Unicode.Scalar]
    var place = 0
    private var flags = Flags()
    private var depth = 0
    private(set) var captureCount = 0
    private(set) var groupNames: [Int: String] = [:]

    init(_ pattern: String) {
        scalars = Array(pattern.unicodeScalars)
    }

    mutating func parse() throws(Failure) -> RegexSyntax {
        let syntax = try alternatives()
        guard place == scalars.count else { throw invalid("a `)` closes nothing") }
        return syntax
    }

    func invalid(_ reason: String, hint: String? = nil) -> Failure {
        let pattern = String(String.UnicodeScalarView(scalars.prefix(100)))
        return Failure(.invalidValue("The pattern `\(pattern)` cannot be used: \(reason)."), hint: hint)
    }

    var peek: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        place += 1
        return true
    }

    mutating func accept(_ text: String) -> Bool {
        let wanted = text.unicodeScalars
        guard scalars[place...].starts(with: wanted) else { return false }
        place += wanted.count
        return true
    }

    // MARK: Structure

    private mutating func alternatives() throws(Failure) -> RegexSyntax {
        var alternatives = [try sequence()]
        while accept("|" as Unicode.Scalar) { alternatives.append(try sequence()) }
        return alternatives.count == 1 ? alternatives[0] : .alternatives(alternatives)
    }

    private mutating func sequence() throws(Failure) -> RegexSyntax {
        var parts: [RegexSyntax] = []
        while let next = peek, next != "|", next != ")" {
            if accept("\\Q") {
                while place < scalars.count, !accept("\\E") {
                    parts.append(character(scalars[place]))
                    place += 1
                }
                if let last = parts.popLast() { parts.append(try repeated(last)) }
            } else if let atom = try atom() {
                parts.append(try repeated(atom))
            }
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    /// `*`, `+`, `?` and `{n,m}` after something.
    private mutating func repeated(_ atom: RegexSyntax) throws(Failure) -> RegexSyntax {
        guard let (minimum, maximum) = try quantifier() else { return atom }
        let isGreedy = accept("?" as Unicode.Scalar) == flags.isLazy
        if let next = peek, "*+?".unicodeScalars.contains(next) { throw invalid("two repetitions follow one another") }
        let before = place
        guard try quantifier() == nil else { throw invalid("two repetitions follow one another") }
        place = before
        return .repetition(atom, minimum: minimum, maximum: maximum, isGreedy: isGreedy)
    }

    private mutating func quantifier() throws(Failure) -> (minimum: Int, maximum: Int?)? {
        if accept("*" as Unicode.Scalar) { return (0, nil) }
        if accept("+" as Unicode.Scalar) { return (1, nil) }
        if accept("?" as Unicode.Scalar) { return (0, 1) }
        let start = place
        guard accept("{" as Unicode.Scalar) else { return nil }
        // Anything but {n}, {n,} and {n,m} is plain text.
        guard let minimum = number() else {
            place = start
            return nil
        }
        var maximum: Int? = minimum
        if accept("," as Unicode.Scalar) { maximum = number() }
        guard accept("}" as Unicode.Scalar) else {
            place = start
            return nil
        }
        guard max(minimum, maximum ?? 0) <= Self.maximumRepetition, maximum ?? minimum >= minimum else {
            throw invalid("a repetition is at most \(Self.maximumRepetition) times, its least before its most")
        }
        return (minimum, maximum)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = peek, ("0"..."9").contains(digit) {
            value = min((value ?? 0) * 10 + Int(digit.value - 48), 1_000_000)
            place += 1
        }
        return value
    }

    // MARK: Atoms

    /// One character, class, assertion or group; `nil` for flags.
    private mutating func atom() throws(Failure) -> RegexSyntax? {
        let scalar = scalars[place]
        switch scalar {
        case "(": return try group()
        case "[": return .character(try characterClass(ignoresCase: flags.ignoresCase))
        case ".":
            place += 1
            return .character(flags.dotMatchesLineEnd ? .any : .anyButLineEnd)
        case "^":
            place += 1
            return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$":
            place += 1
            return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case "*", "+", "?": throw invalid("there is nothing before `\(scalar)` to repeat")
        case "\\": return try escape()
        default:
            let start = place
            if scalar == "{", try quantifier() != nil { throw invalid("there is nothing before `{` to repeat") }
            place = start + 1
            return character(scalar)
        }
    }

    private func character(_ scalar: Unicode.Scalar) -> RegexSyntax {
        .character(RegexSet(ranges: [scalar.value...scalar.value], ignoresCase: flags.ignoresCase))
    }

    private mutating func escape() throws(Failure) -> RegexSyntax {
        if accept("\\A") { return .assertion(.textStart) }
        if accept("\\z") { return .assertion(.textEnd) }
        if accept("\\b") { return .assertion(.wordBoundary) }
        if accept("\\B") { return .assertion(.noWordBoundary) }
        if var set = try shorthand() {
            set.ignoresCase = flags.ignoresCase
            return .character(set)
        }
        return character(try escapedCharacter())
    }

    private mutating func group() throws(Failure) -> RegexSyntax? {
        place += 1
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw invalid("groups nest deeper than \(Self.maximumDepth) levels") }
        let outer = flags
        var number: Int?
        if accept("?P<") || accept("?<") {
            if let next = peek, next == "=" || next == "!" { throw unsupported }
            let name = try name()
            captureCount += 1
            groupNames[captureCount] = name
            number = captureCount
        } else if accept("?" as Unicode.Scalar) {
            guard try readFlags() else { return nil }
        } else {
            captureCount += 1
            number = captureCount
        }
        let inner = try alternatives()
        guard accept(")" as Unicode.Scalar) else { throw invalid("a `(` is not closed") }
        flags = outer
        return number.map { .capture(inner, number: $0) } ?? inner
    }

    private var unsupported: Failure {
        invalid("looking ahead or back is not possible", hint: "Patterns are matched in linear time, as RE2 does.")
    }

    private mutating func name() throws(Failure) -> String {
        let start = place
        while let next = peek, next.isASCII, Words.isLetter(UInt8(next.value)) || Words.isDigit(UInt8(next.value)) {
            place += 1
        }
        let name = String(String.UnicodeScalarView(scalars[start..<place]))
        guard place > start, accept(">" as Unicode.Scalar) else { throw invalid("the name of a group is not valid") }
        return name
    }

    /// Flags after `(?`; true when a group follows them, false when they hold for the rest of the group around.
    private mutating func readFlags() throws(Failure) -> Bool {
        var isOn = true
        while let next = peek {
            place += 1
            switch next {
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotMatchesLineEnd = isOn
            case "U": flags.isLazy = isOn
            case "-" where isOn: isOn = false
            case ":": return true
            case ")": return false
            case "=", "!": throw unsupported
            default: throw invalid("`\(next)` is no flag")
            }
        }
        throw invalid("a `(` is not closed")
    }
}
