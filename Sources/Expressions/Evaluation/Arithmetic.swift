extension Evaluator {
    /// The sum, difference, product, quotient or remainder of two values.
    mutating func calculate(_ sign: Operator, _ left: CELValue, _ right: CELValue) throws(Failure) -> CELValue {
        switch (left, right) {
        case (.double(let a), .double(let b)): return try Arithmetic.doubles(sign, a, b, hasRemainder: promotesNumbers)
        case (.int(let a), .int(let b)): return .int(try Arithmetic.integers(sign, a, b, type: "int"))
        case (.uint(let a), .uint(let b)): return .uint(try Arithmetic.integers(sign, a, b, type: "uint"))
        default: break
        }
        if promotesNumbers, let result = try promoted(sign, left, right) { return result }
        if sign == .add, let joined = try joined(left, right) { return joined }
        if let moved = try moved(sign, left, right) { return moved }
        for case .host(let value) in [left, right] where value.isOpaque { throw Failure(.opaque(value.typeName)) }
        throw Failure(.noOverload(sign.sign, types: [left.type.name, right.type.name]))
    }

    /// Numbers of different types: with a double they are doubles, else signed integers.
    private func promoted(_ sign: Operator, _ left: CELValue, _ right: CELValue) throws(Failure) -> CELValue? {
        switch (left, right) {
        case (.double, .int), (.double, .uint), (.int, .double), (.uint, .double):
            guard let a = left.number, let b = right.number else { return nil }
            return try Arithmetic.doubles(sign, a, b, hasRemainder: true)
        case (.int, .uint), (.uint, .int):
            guard let a = left.integer, let b = right.integer else { throw Arithmetic.overflow("int") }
            return .int(try Arithmetic.integers(sign, a, b, type: "int"))
        default: return nil
        }
    }

    /// Texts, bytes or lists, one after the other.
    private mutating func joined(_ left: CELValue, _ right: CELValue) throws(Failure) -> CELValue? {
        switch (left, right) {
        case (.string(let a), .string(let b)):
            try meter.charge(bytes: a.utf8.count + b.utf8.count)
            return .string(a + b)
        case (.bytes(let a), .bytes(let b)):
            try meter.charge(bytes: a.count + b.count)
            return .bytes(a + b)
        case (.list(let a), .list(let b)):
            if a.isEmpty { return right }
            if b.isEmpty { return left }
            try meter.charge(a.count + b.count)
            return .list(Array(a) + Array(b))
        default: return nil
        }
    }

    /// Moments and spans.
    private func moved(_ sign: Operator, _ left: CELValue, _ right: CELValue) throws(Failure) -> CELValue? {
        switch (sign, left, right) {
        case (.add, .timestamp(let moment), .duration(let span)), (.add, .duration(let span), .timestamp(let moment)):
            guard let sum = moment.adding(span) else { throw Arithmetic.overflow("timestamp") }
            return .timestamp(sum)
        case (.subtract, .timestamp(let moment), .duration(let span)):
            guard span.nanoseconds > .min, let moved = moment.adding(CELDuration(nanoseconds: -span.nanoseconds)) else {
                throw Arithmetic.overflow("timestamp")
            }
            return .timestamp(moved)
        case (.subtract, .timestamp(let a), .timestamp(let b)):
            guard let span = a.since(b) else { throw Arithmetic.overflow("duration") }
            return .duration(span)
        case (.add, .duration(let a), .duration(let b)), (.subtract, .duration(let a), .duration(let b)):
            let sum = try Arithmetic.integers(sign, a.nanoseconds, b.nanoseconds, type: "duration")
            return .duration(CELDuration(nanoseconds: sum))
        default: return nil
        }
    }
}

/// The arithmetic of numbers, without wrapping round.
enum Arithmetic {
    static func doubles(_ sign: Operator, _ a: Double, _ b: Double, hasRemainder: Bool) throws(Failure) -> CELValue {
        switch sign {
        case .add: return .double(a + b)
        case .subtract: return .double(a - b)
        case .multiply: return .double(a * b)
        case .divide: return .double(a / b)
        default:
            guard hasRemainder else { throw Failure(.noOverload(sign.sign, types: ["double", "double"])) }
            guard b != 0 else { throw Failure(.arithmetic("The remainder of a division by zero has no value.")) }
            return .double(a.truncatingRemainder(dividingBy: b))
        }
    }

    static func integers<T: FixedWidthInteger>(_ sign: Operator, _ a: T, _ b: T, type: String) throws(Failure) -> T {
        let result: (partialValue: T, overflow: Bool)
        switch sign {
        case .add: result = a.addingReportingOverflow(b)
        case .subtract: result = a.subtractingReportingOverflow(b)
        case .multiply: result = a.multipliedReportingOverflow(by: b)
        case .divide:
            guard b != 0 else { throw Failure(.arithmetic("A division by zero has no value.")) }
            result = a.dividedReportingOverflow(by: b)
        default:
            guard b != 0 else { throw Failure(.arithmetic("The remainder of a division by zero has no value.")) }
            result = a.remainderReportingOverflow(dividingBy: b)
        }
        guard !result.overflow else { throw overflow(type) }
        return result.partialValue
    }

    static func overflow(_ type: String) -> Failure {
        Failure(.arithmetic("The result is beyond the range of `\(type)`."))
    }
}
