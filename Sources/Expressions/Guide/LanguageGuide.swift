/// What a part of the language does, with an example that runs as a test.
public struct GuideEntry: Sendable, Hashable {
    /// How it is written.
    public internal(set) var usage = ""
    /// What it does.
    public let meaning: String
    /// An expression without names.
    public let example: String
    /// Its value as JSON.
    public let result: String

    init(_ meaning: String, _ example: String, _ result: String) {
        self.meaning = meaning
        self.example = example
        self.result = result
    }
}

/// The language of expressions, for people: every function and macro by subject.
public enum LanguageGuide {
    /// A subject with its entries.
    public struct Subject: Sendable {
        /// The heading.
        public let title: String
        /// The entries in their order.
        public let entries: [GuideEntry]
    }

    /// All there is.
    public static var subjects: [Subject] {
        var subjects = BuiltIn.Subject.allCases.map { subject in
            Subject(
                title: subject.rawValue,
                entries: BuiltIn.allCases.filter { $0.subject == subject }.map { function in
                    var entry = function.guide
                    entry.usage = function.usage
                    return entry
                }
            )
        }
        let macros = Macro.allCases.map { macro in
            var entry = macro.guide
            entry.usage = macro.usage
            return entry
        }
        subjects.insert(Subject(title: "Macros", entries: macros), at: 1)
        return subjects
    }
}

extension BuiltIn {
    /// What a function is about.
    enum Subject: String, CaseIterable {
        case texts = "Texts and lists"
        case conversions = "Conversions"
        case time = "Time"
        case numbers = "Numbers"
        case optionals = "JSON and optionals"
    }

    /// How it is written.
    var usage: String {
        let name = rawValue
        if let counts = memberArguments {
            let arguments = ["", "y", "y, z", "y, z, n"]
            let (least, most) = (counts.lowerBound, counts.upperBound)
            let long = "x.\(name)(\(arguments[most]))"
            return least == most ? long : "x.\(name)(\(arguments[least])) or \(long)"
        }
        return switch arguments?.upperBound ?? 0 {
        case 0: "\(name)()"
        case 1: "\(name)(x)"
        case 2: "\(name)(x, y)"
        default: "\(name)(x, y, …)"
        }
    }

    /// What it is about.
    var subject: Subject {
        switch self {
        case .size, .contains, .startsWith, .endsWith, .matches, .charAt, .indexOf, .lastIndexOf, .lowerAscii,
            .upperAscii, .trim, .reverse, .replace, .split, .substring, .join, .format, .quote, .extract:
            .texts
        case .bool, .bytes, .double, .int, .uint, .string, .duration, .timestamp, .type, .dyn, .base64Encode,
            .base64Decode:
            .conversions
        case .now, .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getHours,
            .getMinutes, .getSeconds, .getMilliseconds:
            .time
        case .greatest, .least, .ceil, .floor, .round, .trunc, .abs, .sign, .sqrt, .isNaN, .isInf, .isFinite, .bitNot,
            .bitAnd, .bitOr, .bitXor, .bitShiftLeft, .bitShiftRight, .sum, .tokens:
            .numbers
        case .json, .parseJson, .optionalOf, .optionalNone, .optionalOfNonZero, .optionalUnwrap, .unwrapOpt, .hasValue,
            .value, .otherwise, .otherwiseValue, .first, .last:
            .optionals
        }
    }
}
