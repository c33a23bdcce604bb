extension Evaluator {
    /// The most decimals a clause may ask for.
    private static let maximumPrecision = 1000

    /// `text.format(list)` of the extension "strings".
    mutating func format(_ arguments: Arguments) throws(Failure) -> String {
        guard case .string(let pattern) = arguments.first, case .list(let values) = arguments.second else {
            throw mismatch(.format, arguments)
        }
        try meter.charge(bytes: pattern.utf8.count)
        var rest = pattern.unicodeScalars[...]
        var result = ""
        var used = 0
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            if rest.first == "%" {
                rest.removeFirst()
                result += "%"
                continue
            }
            let precision = try Self.precision(&rest)
            guard let clause = rest.popFirst() else {
                throw Failure(.invalidValue("The format ends after `%`."), hint: "Write `%%` for the sign itself.")
            }
            guard used < values.count else {
                throw Failure(.indexOutOfRange(Int64(used), count: values.count), hint: "Give a value for each clause.")
            }
            let text = try format(values[used], as: clause, precision: precision)
            try meter.charge(bytes: text.utf8.count + 16)
            result += text
            used += 1
        }
        return result
    }

    private static func precision(_ rest: inout String.UnicodeScalarView.SubSequence) throws(Failure) -> Int {
        guard rest.first == "." else { return 6 }
        rest.removeFirst()
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest[digits.endIndex...]
        guard let precision = Int(String(digits)), precision <= maximumPrecision else {
            throw Failure(.invalidValue("A format has at most \(maximumPrecision) decimals, as in `%.2f`."))
        }
        return precision
    }

    private mutating func format(
        _ value: CELValue,
        as clause: Unicode.Scalar,
        precision: Int
    ) throws(Failure) -> String {
        if clause == "s" { return try shown(value) }
        if case .double(let number) = value, !number.isFinite, "dfe".unicodeScalars.contains(clause) {
            return number.formatText
        }
        try meter.charge(16 + precision >> 1)
        let text: String? =
            switch (clause, value) {
            case ("d", .int), ("d", .uint), ("d", .double): try shown(value)
            case ("f", _): value.decimals?.fixed(decimals: precision)
            case ("e", _): value.decimals?.scientific(decimals: precision)
            case ("b", .bool(let value)): value ? "1" : "0"
            case ("b", _): value.digits(radix: 2)
            case ("o", _): value.digits(radix: 8)
            case ("x", .string), ("x", .bytes), ("X", .string), ("X", .bytes):
                try hex(value, isUppercase: clause == "X")
            case ("x", _), ("X", _): value.digits(radix: 16, isUppercase: clause == "X")
            default:
                throw Failure(
                    .invalidValue("There is no clause `%\(clause)`."),
                    hint: "Use %s, %d, %f, %e, %x, %o or %b."
                )
            }
        guard let text else { throw Failure(.noOverload("%\(clause)", types: [value.type.name])) }
        return text
    }

    private mutating func hex(_ value: CELValue, isUppercase: Bool) throws(Failure) -> String {
        var bytes: [UInt8] = []
        if case .string(let text) = value { bytes = Array(text.utf8) }
        if case .bytes(let given) = value { bytes = given }
        try meter.charge(bytes: bytes.count * 2)
        let digits = Array((isUppercase ? "0123456789ABCDEF" : "0123456789abcdef").utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The clause `%s`.
    private mutating func shown(_ value: CELValue) throws(Failure) -> String {
        try meter.charge(1)
        switch value {
        case .null: return "null"
        case .bool(let value): return String(value)
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number): return number.formatText
        case .string(let text): return text
        case .bytes(let bytes):
            try meter.charge(bytes: bytes.count)
            return String(repairing: bytes)
        case .timestamp(let moment): return moment.description
        case .duration(let span): return span.description
        case .type(let type): return type.name
        case .list(let list):
            var texts: [String] = []
            for element in list { texts.append(try counted(shown(element))) }
            return "[\(texts.joined(separator: ", "))]"
        case .map(let map):
            var texts: [(key: String, value: String)] = []
            for entry in map.entries { texts.append((try counted(shown(entry.key)), try counted(shown(entry.value)))) }
            texts.sort { $0.key.byteOrder(to: $1.key) < 0 }
            return "{\(texts.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}"
        case .optional, .host: throw Failure(.noOverload("%s", types: [value.type.name]))
        }
    }

    private mutating func counted(_ text: String) throws(Failure) -> String {
        try meter.charge(bytes: text.utf8.count)
        return text
    }
}

extension Double {
    fileprivate var formatText: String {
        if isNaN { return "NaN" }
        return isInfinite ? (self < 0 ? "-Infinity" : "Infinity") : celText
    }
}

extension CELValue {
    fileprivate var decimals: DecimalExpansion? {
        switch self {
        case .int(let number): DecimalExpansion(number.magnitude, isNegative: number < 0)
        case .uint(let number): DecimalExpansion(number, isNegative: false)
        case .double(let number): DecimalExpansion(number)
        default: nil
        }
    }

    fileprivate func digits(radix: Int, isUppercase: Bool = false) -> String? {
        switch self {
        case .int(let number): String(number, radix: radix, uppercase: isUppercase)
        case .uint(let number): String(number, radix: radix, uppercase: isUppercase)
        default: nil
        }
    }
}

extension String {
    /// The text of some bytes, with one U+FFFD for each run of bytes that are no UTF-8.
    fileprivate init(repairing bytes: [UInt8]) {
        self = ""
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var isBroken = false
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                unicodeScalars.append(scalar)
                isBroken = false
            case .error:
                if !isBroken { self += "\u{FFFD}" }
                isBroken = true
            case .emptyInput: return
            }
        }
    }
}
