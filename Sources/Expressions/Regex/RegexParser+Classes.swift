extension RegexParser {
    private static let digits: [ClosedRange<UInt32>] = [48...57]
    private static let space: [ClosedRange<UInt32>] = [9...10, 12...13, 32...32]
    private static let word: [ClosedRange<UInt32>] = [48...57, 65...90, 95...95, 97...122]

    /// `[…]`; the bracket has not been read.
    mutating func characterClass(ignoresCase: Bool) throws(Failure) -> RegexSet {
        place += 1
        var set = RegexSet(ignoresCase: ignoresCase)
        set.isNegated = accept("^" as Unicode.Scalar)
        var isFirst = true
        while isFirst || peek != "]" {
            guard peek != nil else { throw invalid("a `[` is not closed") }
            isFirst = false
            if let named = try namedClass() {
                set.ranges += named
            } else if peek == "\\", let short = try shorthand() {
                set.ranges += short.isNegated ? Self.complement(short.ranges) : short.ranges
                set.categories += short.categories
            } else {
                let low = try classCharacter()
                guard peek == "-", place + 1 < scalars.count, scalars[place + 1] != "]" else {
                    set.ranges.append(low.value...low.value)
                    continue
                }
                place += 1
                let high = try classCharacter()
                guard low <= high else { throw invalid("a range in `[…]` ends before it begins") }
                set.ranges.append(low.value...high.value)
            }
        }
        place += 1
        return set
    }

    private mutating func classCharacter() throws(Failure) -> Unicode.Scalar {
        guard let scalar = peek else { throw invalid("a `[` is not closed") }
        if scalar == "\\" { return try escapedCharacter() }
        place += 1
        return scalar
    }

    private static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var next: UInt32 = 0
        var result: [ClosedRange<UInt32>] = []
        for range in ranges {
            if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        return result + [next...0x10FFFF]
    }

    /// `[:alpha:]` and its like.
    private mutating func namedClass() throws(Failure) -> [ClosedRange<UInt32>]? {
        guard accept("[:") else { return nil }
        let isNegated = accept("^" as Unicode.Scalar)
        var name = ""
        while let next = peek, next != ":" {
            name.unicodeScalars.append(next)
            place += 1
        }
        let ranges: [ClosedRange<UInt32>]? =
            switch name {
            case "alnum": [48...57, 65...90, 97...122]
            case "alpha": [65...90, 97...122]
            case "ascii": [0...127]
            case "blank": [9...9, 32...32]
            case "cntrl": [0...31, 127...127]
            case "digit": Self.digits
            case "graph": [33...126]
            case "lower": [97...122]
            case "print": [32...126]
            case "punct": [33...47, 58...64, 91...96, 123...126]
            case "space": [9...13, 32...32]
            case "upper": [65...90]
            case "word": Self.word
            case "xdigit": [48...57, 65...70, 97...102]
            default: nil
            }
        guard let ranges, accept(":]") else { throw invalid("there is no class `[:\(name.prefix(20)):]`") }
        return isNegated ? Self.complement(ranges) : ranges
    }

    /// `\d`, `\s`, `\w`, `\p{…}` and their opposites; `nil` for another escape.
    mutating func shorthand() throws(Failure) -> RegexSet? {
        guard place + 1 < scalars.count else { throw invalid("it ends with a single backslash") }
        let letter = scalars[place + 1]
        let ranges: [ClosedRange<UInt32>]
        switch letter {
        case "d", "D": ranges = Self.digits
        case "s", "S": ranges = Self.space
        case "w", "W": ranges = Self.word
        case "p", "P":
            place += 2
            return RegexSet(categories: [try category(isNegated: letter == "P")])
        default: return nil
        }
        place += 2
        return RegexSet(ranges: ranges, isNegated: letter.properties.isUppercase)
    }

    private mutating func category(isNegated: Bool) throws(Failure) -> RegexCategory {
        var name = ""
        if accept("{" as Unicode.Scalar) {
            while let next = peek, next != "}" {
                name.unicodeScalars.append(next)
                place += 1
            }
            place += 1
        } else if let next = peek {
            name.unicodeScalars.append(next)
            place += 1
        }
        let isInverted = name.hasPrefix("^")
        if isInverted { name.removeFirst() }
        guard let category = RegexCategory(name, isNegated: isNegated != isInverted) else {
            let hint = "General categories are known, such as `\\p{L}`, `\\p{Lu}` or `\\p{Nd}`, but no scripts."
            throw invalid("there is no class `\\p{\(name.prefix(20))}`", hint: hint)
        }
        return category
    }

    /// The character of an escape such as `\n`, `\.` or `\x{1F600}`.
    mutating func escapedCharacter() throws(Failure) -> Unicode.Scalar {
        guard place + 1 < scalars.count else { throw invalid("it ends with a single backslash") }
        let letter = scalars[place + 1]
        place += 2
        switch letter {
        case "a": return "\u{07}"
        case "f": return "\u{0C}"
        case "t": return "\t"
        case "n": return "\n"
        case "r": return "\r"
        case "v": return "\u{0B}"
        case "x": return try hexadecimal()
        case "0"..."7": return try octal(letter)
        case "_": return letter
        case let sign where sign.isASCII && !Words.isLetter(UInt8(sign.value)) && !Words.isDigit(UInt8(sign.value)):
            return letter
        default: throw invalid("`\\\(letter)` has no meaning")
        }
    }

    private mutating func octal(_ first: Unicode.Scalar) throws(Failure) -> Unicode.Scalar {
        let isAlone = !(peek.map { ("0"..."7").contains($0) } ?? false)
        guard first == "0" || !isAlone else {
            throw invalid(
                "a pattern cannot go back to a group",
                hint: "Patterns are matched in linear time, as RE2 does."
            )
        }
        var value = first.value - 48
        for _ in 0..<2 {
            guard let next = peek, ("0"..."7").contains(next) else { break }
            value = value * 8 + next.value - 48
            place += 1
        }
        guard let scalar = Unicode.Scalar(value) else { throw invalid("an octal escape is no character") }
        return scalar
    }

    private mutating func hexadecimal() throws(Failure) -> Unicode.Scalar {
        var value: UInt32 = 0
        var count = 0
        let isBraced = accept("{" as Unicode.Scalar)
        while let next = peek, next.isASCII, let digit = Words.hexDigit(UInt8(next.value)), count < (isBraced ? 8 : 2) {
            value = value << 4 | UInt32(digit)
            count += 1
            place += 1
        }
        guard isBraced ? accept("}" as Unicode.Scalar) && count > 0 : count == 2, let scalar = Unicode.Scalar(value)
        else { throw invalid("an escape `\\x` is no character") }
        return scalar
    }
}
