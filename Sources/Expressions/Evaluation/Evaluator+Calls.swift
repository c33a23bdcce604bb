/// The values a function is called with; up to three of them need no memory of their own.
struct Arguments {
    private(set) var count = 0
    private(set) var first: CELValue = .null
    private(set) var second: CELValue = .null
    private(set) var third: CELValue = .null
    private var others: [CELValue] = []

    mutating func append(_ value: CELValue) {
        switch count {
        case 0: first = value
        case 1: second = value
        case 2: third = value
        default: others.append(value)
        }
        count += 1
    }

    var all: [CELValue] { [first, second, third].prefix(count) + others }
}

extension Evaluator {
    /// A function of the language.
    @inline(never)
    mutating func call(_ function: BuiltIn, _ operands: Range32, at node: Int32) throws(Failure) -> CELValue {
        var arguments = Arguments()
        for place in operands.range {
            let operand = program.children[place]
            let value = try value(of: operand)
            if case .host(let opaque) = value, opaque.isOpaque, !function.handsOn {
                throw Failure(.opaque(opaque.typeName), at: program.ranges[Int(operand)])
            }
            arguments.append(value)
        }
        do {
            return try carryOut(function, arguments)
        } catch {
            throw located(error, at: node)
        }
    }

    private mutating func carryOut(_ function: BuiltIn, _ arguments: Arguments) throws(Failure) -> CELValue {
        switch function {
        case .size: return .int(try size(arguments.first))
        case .contains, .startsWith, .endsWith: return .bool(try search(function, arguments))
        case .matches: return .bool(try matches(arguments))
        case .extract: return try extract(arguments)
        case .type: return .type(arguments.first.type)
        case .dyn: return arguments.first
        case .bool, .bytes, .double, .int, .string, .uint, .duration, .timestamp:
            return try convert(arguments.first, to: function)
        case .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear, .getFullYear, .getHours, .getMilliseconds,
            .getMinutes, .getMonth, .getSeconds:
            return .int(try timePart(function, arguments))
        case .charAt, .indexOf, .lastIndexOf, .lowerAscii, .upperAscii, .trim, .reverse, .replace, .split, .substring,
            .join, .quote:
            return try textFunction(function, arguments)
        case .format: return .string(try format(arguments))
        case .greatest, .least: return try extreme(function, arguments)
        case .ceil, .floor, .round, .trunc, .abs, .sign, .sqrt, .isNaN, .isInf, .isFinite:
            return try mathFunction(function, arguments.first)
        case .bitNot, .bitAnd, .bitOr, .bitXor, .bitShiftLeft, .bitShiftRight:
            return try bitFunction(function, arguments)
        case .base64Encode, .base64Decode: return try base64(function, arguments.first)
        case .optionalOf, .optionalNone, .optionalOfNonZero, .optionalUnwrap, .unwrapOpt, .hasValue, .value, .first,
            .last:
            return try optionalFunction(function, arguments)
        case .json, .parseJson, .sum, .tokens: return try ownFunction(function, arguments.first)
        case .now, .otherwise, .otherwiseValue: throw mismatch(function, arguments)
        }
    }

    /// A function of the host.
    mutating func hostCall(_ place: Int32, _ operands: Range32, at node: Int32) throws(Failure) -> CELValue {
        let name = program.environment.functions[Int(place)].name
        var arguments: [CELValue] = []
        for place in operands.range {
            let operand = program.children[place]
            let value = try value(of: operand)
            if case .host(let opaque) = value, opaque.isOpaque {
                throw Failure(.opaque(opaque.typeName), at: program.ranges[Int(operand)])
            }
            arguments.append(value)
        }
        guard let hostCall = context.hostCall else {
            throw Failure(.host("`\(name)` has no value here."), at: program.ranges[Int(node)])
        }
        let result: CELValue
        do {
            result = try hostCall(name, arguments)
        } catch {
            throw Failure(.host(error.message), at: program.ranges[Int(node)])
        }
        switch result {
        case .string(let text): try meter.charge(bytes: text.utf8.count)
        case .bytes(let bytes): try meter.charge(bytes: bytes.count)
        case .list(let list): try meter.charge(list.count)
        case .map(let map): try meter.charge(map.count)
        default: break
        }
        return result
    }

    // MARK: Arguments

    /// The function does not take these values.
    func mismatch(_ function: BuiltIn, _ arguments: Arguments) -> Failure {
        Failure(.noOverload(function.rawValue, types: arguments.all.map(\.type.name)))
    }

    /// The integer of an argument; in the host a whole double is one.
    func integer(_ value: CELValue) -> Int64? {
        if case .int(let number) = value { return number }
        return promotesNumbers ? value.integer : nil
    }

    mutating func size(_ value: CELValue) throws(Failure) -> Int64 {
        switch value {
        case .string(let text):
            try meter.charge(bytes: text.utf8.count)
            return Int64(text.scalarCount)
        case .bytes(let bytes): return Int64(bytes.count)
        case .list(let list): return Int64(list.count)
        case .map(let map):
            try meter.charge(map.count >> 4)
            return Int64(map.count)
        default: throw Failure(.noOverload("size", types: [value.type.name]))
        }
    }
}
