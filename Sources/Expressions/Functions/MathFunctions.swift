extension Evaluator {
    /// `math.greatest` and `math.least` of several numbers or of a list of them.
    mutating func extreme(_ function: BuiltIn, _ arguments: Arguments) throws(Failure) -> CELValue {
        var numbers = arguments.all[...]
        if arguments.count == 1, case .list(let list) = arguments.first { numbers = Array(list)[...] }
        try meter.charge(numbers.count)
        guard var best = numbers.popFirst() else { throw Failure(.invalidValue("The list has no elements.")) }
        guard best.number != nil else { throw mismatch(function, arguments) }
        let sign: Operator = function == .greatest ? .greater : .less
        for number in numbers {
            guard number.number != nil else { throw mismatch(function, arguments) }
            if try compare(sign, number, best) { best = number }
        }
        return best
    }

    /// The functions of one number; in the host an integer counts as a double where one is wanted.
    mutating func mathFunction(_ function: BuiltIn, _ value: CELValue) throws(Failure) -> CELValue {
        switch (function, value) {
        case (.abs, .int(let number)):
            guard number != .min else { throw Arithmetic.overflow("int") }
            return .int(Swift.abs(number))
        case (.abs, .uint): return value
        case (.sign, .int(let number)): return .int(number.signum())
        case (.sign, .uint(let number)): return .uint(number == 0 ? 0 : 1)
        case (.sqrt, .int), (.sqrt, .uint):
            return .double((value.number ?? .nan).squareRoot())
        case (_, .double(let number)): return Self.mathFunction(function, number)
        case (_, .int), (_, .uint):
            guard promotesNumbers, let number = value.number else { break }
            return Self.mathFunction(function, number)
        default: break
        }
        throw Failure(.noOverload(function.rawValue, types: [value.type.name]))
    }

    private static func mathFunction(_ function: BuiltIn, _ number: Double) -> CELValue {
        switch function {
        case .abs: .double(Swift.abs(number))
        case .sign: .double(number.isNaN ? number : number > 0 ? 1 : number < 0 ? -1 : 0)
        case .sqrt: .double(number.squareRoot())
        case .ceil: .double(number.rounded(.up))
        case .floor: .double(number.rounded(.down))
        case .round: .double(number.rounded(.toNearestOrAwayFromZero))
        case .isNaN: .bool(number.isNaN)
        case .isInf: .bool(number.isInfinite)
        case .isFinite: .bool(number.isFinite)
        default: .double(number.rounded(.towardZero))
        }
    }

    /// The functions of single bits.
    mutating func bitFunction(_ function: BuiltIn, _ arguments: Arguments) throws(Failure) -> CELValue {
        if function == .bitShiftLeft || function == .bitShiftRight { return try shift(function, arguments) }
        switch (arguments.first, arguments.second) {
        case (.int(let a), .int(let b)): return .int(Self.bits(function, a, b))
        case (.uint(let a), .uint(let b)): return .uint(Self.bits(function, a, b))
        case (.int(let a), _) where function == .bitNot: return .int(~a)
        case (.uint(let a), _) where function == .bitNot: return .uint(~a)
        default: throw mismatch(function, arguments)
        }
    }

    private static func bits<T: FixedWidthInteger>(_ function: BuiltIn, _ a: T, _ b: T) -> T {
        switch function {
        case .bitAnd: a & b
        case .bitOr: a | b
        case .bitXor: a ^ b
        default: ~a
        }
    }

    /// Shifts of unsigned bits; from 64 places on nothing is left.
    private func shift(_ function: BuiltIn, _ arguments: Arguments) throws(Failure) -> CELValue {
        guard case .int(let places) = arguments.second else { throw mismatch(function, arguments) }
        guard places >= 0 else { throw Failure(.invalidValue("Bits cannot be shifted by \(places) places.")) }
        func shifted(_ bits: UInt64) -> UInt64 {
            guard places < 64 else { return 0 }
            return function == .bitShiftLeft ? bits << UInt64(places) : bits >> UInt64(places)
        }
        switch arguments.first {
        case .int(let number): return .int(Int64(bitPattern: shifted(UInt64(bitPattern: number))))
        case .uint(let number): return .uint(shifted(number))
        default: throw mismatch(function, arguments)
        }
    }
}
