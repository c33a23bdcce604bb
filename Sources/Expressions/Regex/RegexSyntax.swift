/// A regular expression in its parsed form.
indirect enum RegexSyntax {
    enum Assertion {
        case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
    }

    case empty
    case character(RegexSet)
    case assertion(Assertion)
    case sequence([RegexSyntax])
    case alternatives([RegexSyntax])
    case repetition(RegexSyntax, minimum: Int, maximum: Int?, isGreedy: Bool)
    /// A group that keeps what it matched, numbered from 1.
    case capture(RegexSyntax, number: Int)
}

/// Which characters may stand at a place.
struct RegexSet: Sendable {
    /// Characters from and to, by code point.
    var ranges: [ClosedRange<UInt32>] = []
    var categories: [RegexCategory] = []
    var isNegated = false
    /// Whether upper and lower case count as the same.
    var ignoresCase = false

    static let any = RegexSet(ranges: [0...0x10FFFF])
    static let anyButLineEnd = RegexSet(ranges: [0...9, 11...0x10FFFF])

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        if holds(scalar) { return !isNegated }
        return (ignoresCase && scalar.otherCases.contains(where: holds)) != isNegated
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        for range in ranges where range.contains(scalar.value) { return true }
        for category in categories where category.contains(scalar) { return true }
        return false
    }
}

extension Unicode.Scalar {
    /// The character in the other case, where that is one character.
    fileprivate var otherCases: [Unicode.Scalar] {
        if isASCII { return properties.isAlphabetic ? [Unicode.Scalar(UInt8(value) ^ 0x20)] : [] }
        return [properties.lowercaseMapping, properties.uppercaseMapping].compactMap { text in
            guard let first = text.unicodeScalars.first, text.unicodeScalars.count == 1 else { return nil }
            return first
        }
    }
}

/// A general category of Unicode, such as `L` or `Lu`, or everything outside it.
struct RegexCategory: Sendable {
    private let name: String
    private let isNegated: Bool

    init?(_ name: String, isNegated: Bool) {
        guard name == "Any" || Self.names.contains(where: { $0 == name || $0.prefix(1) == name }) else { return nil }
        self.name = name
        self.isNegated = isNegated
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let actual = Self.name(of: scalar.properties.generalCategory)
        return (name == "Any" || actual == name || actual.prefix(1) == name) != isNegated
    }

    private static let names: Set<String> = [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
    ]

    private static func name(of category: Unicode.GeneralCategory) -> String {
        switch category {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }
}
