/// The functions every expression has; the raw value is the name.
enum BuiltIn: String, CaseIterable {
    // The standard functions.
    case size, contains, startsWith, endsWith, matches
    case bool, bytes, double, int, string, uint, duration, timestamp, type, dyn
    case getDate, getDayOfMonth, getDayOfWeek, getDayOfYear, getFullYear, getHours, getMilliseconds, getMinutes
    case getMonth, getSeconds
    // The extension "strings".
    case charAt, indexOf, lastIndexOf, lowerAscii, upperAscii, trim, reverse, replace, split, substring, join, format
    case quote = "strings.quote"
    // The extension "math".
    case greatest = "math.greatest"
    case least = "math.least"
    case ceil = "math.ceil"
    case floor = "math.floor"
    case round = "math.round"
    case trunc = "math.trunc"
    case abs = "math.abs"
    case sign = "math.sign"
    case sqrt = "math.sqrt"
    case isNaN = "math.isNaN"
    case isInf = "math.isInf"
    case isFinite = "math.isFinite"
    case bitNot = "math.bitNot"
    case bitAnd = "math.bitAnd"
    case bitOr = "math.bitOr"
    case bitXor = "math.bitXor"
    case bitShiftLeft = "math.bitShiftLeft"
    case bitShiftRight = "math.bitShiftRight"
    // The extension "encoders".
    case base64Encode = "base64.encode"
    case base64Decode = "base64.decode"
    // The extension "optional".
    case optionalOf = "optional.of"
    case optionalNone = "optional.none"
    case optionalOfNonZero = "optional.ofNonZeroValue"
    case optionalUnwrap = "optional.unwrap"
    case hasValue, value, unwrapOpt, first, last
    case otherwise = "or"
    case otherwiseValue = "orValue"
    // Ours.
    case json, parseJson, now, sum, tokens
    case extract = "regex.extract"

    /// The functions by name.
    static let named = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    /// The first parts of names such as `math.ceil`.
    static let namespaces: Set<String> = ["math", "strings", "base64", "optional", "regex", "cel"]

    /// How many arguments it takes when it stands alone, or `nil` when it is only called on a value.
    var arguments: ClosedRange<Int>? {
        switch self {
        case .now, .optionalNone: 0...0
        case .size, .bool, .bytes, .double, .int, .string, .uint, .duration, .timestamp, .type, .dyn, .quote, .ceil,
            .floor, .round, .trunc, .abs, .sign, .sqrt, .isNaN, .isInf, .isFinite, .bitNot, .base64Encode,
            .base64Decode, .optionalOf, .optionalOfNonZero, .optionalUnwrap, .json, .parseJson, .sum, .tokens:
            1...1
        case .matches, .bitAnd, .bitOr, .bitXor, .bitShiftLeft, .bitShiftRight, .extract: 2...2
        case .greatest, .least: 1...64
        default: nil
        }
    }

    /// How many arguments it takes besides the value it is called on, or `nil` when it stands alone.
    var memberArguments: ClosedRange<Int>? {
        switch self {
        case .size, .lowerAscii, .upperAscii, .trim, .reverse, .hasValue, .value, .unwrapOpt, .first, .last: 0...0
        case .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getFullYear, .getHours, .getMilliseconds,
            .getMinutes, .getMonth, .getSeconds, .join:
            0...1
        case .contains, .startsWith, .endsWith, .matches, .charAt, .format, .otherwise, .otherwiseValue: 1...1
        case .indexOf, .lastIndexOf, .split, .substring: 1...2
        case .replace: 2...3
        default: nil
        }
    }

    /// Whether its argument may be an opaque, which is handed on unread.
    var handsOn: Bool { self == .optionalOf || self == .dyn }
}
