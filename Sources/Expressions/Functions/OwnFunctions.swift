private import Values

extension Evaluator {
    /// `json`, `parseJson`, `sum` and `tokens`.
    mutating func ownFunction(_ function: BuiltIn, _ value: CELValue) throws(Failure) -> CELValue {
        switch (function, value) {
        case (.json, _):
            try meter.charge(traversing: value)
            return .string(try value.converted().text)
        case (.parseJson, .string(let text)):
            try meter.charge(bytes: text.utf8.count)
            do {
                return .optional(CELValue(try JSON(parsing: text)))
            } catch {
                return .none
            }
        case (.sum, .list(let list)):
            try meter.charge(list.count)
            var sum = 0.0
            for element in list {
                guard let number = element.number else {
                    throw Failure(.noOverload("sum", types: ["list of \(element.type)"]))
                }
                sum += number
            }
            return .double(sum)
        case (.tokens, .string(let text)):
            // Four bytes a token is the usual rule of thumb for English; other scripts have more bytes and more tokens.
            return .double((Double(text.utf8.count) / 4).rounded(.up))
        default: throw Failure(.noOverload(function.rawValue, types: [value.type.name]))
        }
    }

    /// `base64.encode` and `base64.decode`.
    mutating func base64(_ function: BuiltIn, _ value: CELValue) throws(Failure) -> CELValue {
        switch (function, value) {
        case (.base64Encode, .bytes(let bytes)):
            try meter.charge(bytes: bytes.count * 2)
            return .string(Base64.encode(bytes))
        case (.base64Decode, .string(let text)):
            try meter.charge(bytes: text.utf8.count)
            guard let bytes = Self.decoded(text) else { throw Failure(.invalidValue("The text is no base 64.")) }
            return .bytes(bytes)
        default:
            let hint = function == .base64Encode && value.type == .string ? "Write `base64.encode(bytes(x))`." : nil
            throw Failure(.noOverload(function.rawValue, types: [value.type.name]), hint: hint)
        }
    }

    /// The bytes as CEL's own implementations read them: white space, missing `=` and spare bits at the end are ignored.
    private static func decoded(_ text: String) -> [UInt8]? {
        var digits = text.utf8.filter { $0 != 0x20 && !(0x09...0x0D).contains($0) }
        let count = digits.count
        while digits.count > count - 2, digits.last == UInt8(ascii: "=") { digits.removeLast() }
        guard digits.count == count || count % 4 == 0, digits.count % 4 != 1 else { return nil }
        let missing = (4 - digits.count % 4) % 4
        digits += Array(repeating: UInt8(ascii: "A"), count: missing)
        return Base64.decode(String(decoding: digits, as: UTF8.self))?.dropLast(missing)
    }

    /// The functions of the extension "optional".
    mutating func optionalFunction(_ function: BuiltIn, _ arguments: Arguments) throws(Failure) -> CELValue {
        switch (function, arguments.first) {
        case (.optionalOf, let value): return .optional(value)
        case (.optionalNone, _): return .none
        case (.optionalOfNonZero, let value): return value.isZero ? .none : .optional(value)
        case (.hasValue, .optional(let content)): return .bool(content != nil)
        case (.value, .optional(let content)):
            guard let content else {
                throw Failure(.invalidValue("The optional is empty."), hint: "Write `.orValue(…)`.")
            }
            return content
        case (.optionalUnwrap, .list(let list)), (.unwrapOpt, .list(let list)): return .list(try unwrap(list))
        case (.first, .list(let list)): return .optional(list.first)
        case (.last, .list(let list)): return .optional(list.last)
        case (.value, _), (.hasValue, _): throw Self.noOptional(function, arguments.first)
        default: throw mismatch(function, arguments)
        }
    }

    private static func noOptional(_ function: BuiltIn, _ value: CELValue) -> Failure {
        Failure(
            .noOverload(function.rawValue, types: [value.type.name]),
            hint: "Only optionals have it: write `x.?name` instead of `x.name`, or `optional.of(x)`."
        )
    }

    /// `x.or(y)` and `x.orValue(y)`.
    mutating func alternative(
        _ preferred: Int32,
        _ otherwise: Int32,
        isPlain: Bool,
        at node: Int32
    ) throws(Failure) -> CELValue {
        let value = try value(of: preferred)
        guard case .optional(let content) = value else {
            throw located(Self.noOptional(isPlain ? .otherwiseValue : .otherwise, value), at: node)
        }
        if let content { return isPlain ? content : value }
        let other = try self.value(of: otherwise)
        if isPlain { return other }
        guard case .optional = other else {
            let types = [CELType.optional.name, other.type.name]
            throw located(
                Failure(.noOverload("or", types: types), hint: "Write `.orValue(…)` for a plain value."),
                at: node
            )
        }
        return other
    }

    private mutating func unwrap(_ list: CELList) throws(Failure) -> [CELValue] {
        var values: [CELValue] = []
        for element in list {
            try meter.charge(1)
            guard case .optional(let content) = element else {
                throw Failure(.noOverload("optional.unwrap", types: ["list of \(element.type)"]))
            }
            if let content { values.append(content) }
        }
        return values
    }
}
