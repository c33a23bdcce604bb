extension Evaluator {
    /// `bool(x)`, `int(x)` and the other conversions.
    mutating func convert(_ value: CELValue, to function: BuiltIn) throws(Failure) -> CELValue {
        let result: CELValue? =
            switch function {
            case .bool: try Self.bool(value).map { .bool($0) }
            case .bytes: try bytes(value).map { .bytes($0) }
            case .double: try Self.double(value).map { .double($0) }
            case .int: try Self.int(value).map { .int($0) }
            case .uint: try Self.uint(value).map { .uint($0) }
            case .string: try string(value).map { .string($0) }
            case .duration: try Self.duration(value).map { .duration($0) }
            case .timestamp: try timestamp(value).map { .timestamp($0) }
            default: nil
            }
        guard let result else {
            let hint = value.type == .optional ? "Take the value out of the optional with `.orValue(…)` first." : nil
            throw Failure(.noOverload(function.rawValue, types: [value.type.name]), hint: hint)
        }
        return result
    }

    private static func unreadable(_ text: String, as type: String) -> Failure {
        let shown = text.count > 40 ? String(text.prefix(40)) + "…" : text
        return Failure(.invalidValue("The text “\(shown)” is no \(type)."))
    }

    private static func bool(_ value: CELValue) throws(Failure) -> Bool? {
        switch value {
        case .bool(let value): return value
        case .string(let text):
            switch text {
            case "1", "t", "true", "TRUE", "True": return true
            case "0", "f", "false", "FALSE", "False": return false
            default: throw unreadable(text, as: "Boolean")
            }
        default: return nil
        }
    }

    private mutating func bytes(_ value: CELValue) throws(Failure) -> [UInt8]? {
        switch value {
        case .bytes(let bytes): return bytes
        case .string(let text):
            try meter.charge(bytes: text.utf8.count)
            return Array(text.utf8)
        default: return nil
        }
    }

    private static func double(_ value: CELValue) throws(Failure) -> Double? {
        switch value {
        case .double(let number): return number
        case .int(let number): return Double(number)
        case .uint(let number): return Double(number)
        case .string(let text):
            guard let number = Double(text.trimmed) else { throw unreadable(text, as: "number") }
            return number
        default: return nil
        }
    }

    private static func int(_ value: CELValue) throws(Failure) -> Int64? {
        switch value {
        case .int(let number): return number
        case .uint(let number):
            guard let signed = Int64(exactly: number) else { throw Arithmetic.overflow("int") }
            return signed
        case .double(let number):
            // The bounds themselves are refused: a double cannot tell them from their neighbours beyond.
            guard number > -0x1p63, number < 0x1p63 else { throw Arithmetic.overflow("int") }
            return Int64(number)
        case .string(let text):
            guard let number = Int64(text.trimmed) else { throw unreadable(text, as: "integer") }
            return number
        case .timestamp(let moment): return moment.seconds
        default: return nil
        }
    }

    private static func uint(_ value: CELValue) throws(Failure) -> UInt64? {
        switch value {
        case .uint(let number): return number
        case .int(let number):
            guard let unsigned = UInt64(exactly: number) else { throw Arithmetic.overflow("uint") }
            return unsigned
        case .double(let number):
            guard number >= 0, number < 0x1p64 else { throw Arithmetic.overflow("uint") }
            return UInt64(number)
        case .string(let text):
            guard let number = UInt64(text.trimmed) else { throw unreadable(text, as: "unsigned integer") }
            return number
        default: return nil
        }
    }

    private mutating func string(_ value: CELValue) throws(Failure) -> String? {
        switch value {
        case .string(let text): return text
        case .bool(let value): return String(value)
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number): return number.celText
        case .timestamp(let moment): return moment.description
        case .duration(let span): return span.description
        case .bytes(let bytes):
            try meter.charge(bytes: bytes.count)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Failure(.invalidValue("The bytes are no UTF-8."))
            }
            return text
        default: return nil
        }
    }

    private static func duration(_ value: CELValue) throws(Failure) -> CELDuration? {
        switch value {
        case .duration(let span): return span
        case .string(let text):
            guard let span = CELDuration(text) else {
                throw unreadable(text, as: "span of time, such as `1h30m` or `2.5s`")
            }
            return span
        default: return nil
        }
    }

    private func timestamp(_ value: CELValue) throws(Failure) -> CELTimestamp? {
        switch value {
        case .timestamp(let moment): return moment
        case .string(let text):
            guard let moment = CELTimestamp(text) else {
                throw Self.unreadable(text, as: "moment between the years 1 and 9999, such as `2026-11-20T14:12:09Z`")
            }
            return moment
        default:
            guard let seconds = integer(value) else { return nil }
            guard let moment = CELTimestamp(seconds: seconds) else { throw Arithmetic.overflow("timestamp") }
            return moment
        }
    }
}

extension Double {
    /// The number as text: whole ones up to 2^53 without a fraction.
    var celText: String {
        if let whole = Int64(exactly: self), whole.magnitude <= 1 << 53, whole != 0 || sign == .plus {
            return String(whole)
        }
        return self == 0 ? "-0" : description
    }
}
