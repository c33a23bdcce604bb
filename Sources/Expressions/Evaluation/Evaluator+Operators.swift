extension Evaluator {
    /// An operator on two values.
    @inline(__always)
    mutating func apply(_ sign: Operator, _ left: CELValue, _ right: CELValue) throws(Failure) -> CELValue {
        switch sign {
        case .equal: .bool(try equals(left, right))
        case .notEqual: .bool(try !equals(left, right))
        case .less, .lessOrEqual, .greater, .greaterOrEqual: .bool(try compare(sign, left, right))
        case .isIn: .bool(try contains(left, in: right))
        case .add, .subtract, .multiply, .divide, .remainder: try calculate(sign, left, right)
        }
    }

    /// Operators of one rank from left to right.
    mutating func chain(_ links: Range32) throws(Failure) -> CELValue {
        var result = try value(of: program.children[Int(links.start)])
        for place in stride(from: Int(links.start) + 1, to: Int(links.end), by: 2) {
            guard let sign = Operator(rawValue: program.children[place]) else { continue }
            let operand = program.children[place + 1]
            let right = try value(of: operand)
            try meter.charge(1)
            do {
                result = try apply(sign, result, right)
            } catch {
                throw located(error, at: operand)
            }
        }
        return result
    }

    mutating func negate(_ operand: Int32, at node: Int32) throws(Failure) -> CELValue {
        let value = try value(of: operand)
        switch value {
        case .int(let number):
            guard number != .min else { throw located(Arithmetic.overflow("int"), at: node) }
            return .int(-number)
        case .double(let number): return .double(-number)
        default: throw located(Failure(.noOverload("-", types: [value.type.name])), at: node)
        }
    }

    // MARK: Equality

    /// Whether both are equal; what is compared is counted, and no opaque is.
    @inline(__always)
    mutating func equals(_ left: CELValue, _ right: CELValue) throws(Failure) -> Bool {
        switch (left, right) {
        case (.string(let a), .string(let b)):
            try meter.charge(bytes: min(a.utf8.count, b.utf8.count))
            return a.isIdentical(to: b)
        case (.list, _), (.map, _), (.optional, _), (.host, _), (_, .host), (.bytes, _):
            return try equalsDeeply(left, right)
        default: return left.equalsScalar(right)
        }
    }

    @inline(never)
    private mutating func equalsDeeply(_ left: CELValue, _ right: CELValue) throws(Failure) -> Bool {
        switch (left, right) {
        case (.list(let a), .list(let b)):
            guard a.count == b.count else { return false }
            try meter.charge(a.count)
            for place in a.indices {
                guard try equals(a[place], b[place]) else { return false }
            }
            return true
        case (.map(let a), .map(let b)):
            try meter.charge(a.count)
            guard a.count == b.count else { return false }
            for entry in a.entries {
                guard let other = b[entry.key], try equals(entry.value, other) else { return false }
            }
            return true
        case (.optional(let a?), .optional(let b?)): return try equals(a, b)
        case (.optional(let a), .optional(let b)): return a == nil && b == nil
        case (.host(let value), _) where value.isOpaque, (_, .host(let value)) where value.isOpaque:
            throw Failure(.opaque(value.typeName))
        case (.host(let a), .host(let b)): return a.isEqual(to: b)
        case (.bytes(let a), .bytes(let b)):
            try meter.charge(bytes: min(a.count, b.count))
            return a == b
        default: return false
        }
    }

    private mutating func contains(_ value: CELValue, in container: CELValue) throws(Failure) -> Bool {
        if case .host(let opaque) = value, opaque.isOpaque { throw Failure(.opaque(opaque.typeName)) }
        switch container {
        case .list(let list):
            for element in list {
                try meter.charge(1)
                if try equals(element, value) { return true }
            }
            return false
        case .map(let map):
            switch value {
            case .bool, .int, .uint, .double, .string: return map[value] != nil
            default: throw Failure(.noOverload("in", types: [value.type.name, "map"]))
            }
        default:
            let hint: String? = container.string == nil ? nil : "Write `text.contains(part)`."
            throw Failure(.noOverload("in", types: [value.type.name, container.type.name]), hint: hint)
        }
    }

    // MARK: Order

    @inline(__always)
    mutating func compare(_ sign: Operator, _ left: CELValue, _ right: CELValue) throws(Failure) -> Bool {
        switch (left, right) {
        case (.double(let a), .double(let b)): return sign.holds(a, b)
        case (.int(let a), .int(let b)): return sign.holds(a, b)
        case (.double(let a), .int(let b)): return sign.holds(a, Double(b))
        case (.int(let a), .double(let b)): return sign.holds(Double(a), b)
        default: return try compareOthers(sign, left, right)
        }
    }

    @inline(never)
    private mutating func compareOthers(
        _ sign: Operator,
        _ left: CELValue,
        _ right: CELValue
    ) throws(Failure) -> Bool {
        switch (left, right) {
        case (.string(let a), .string(let b)):
            try meter.charge(bytes: min(a.utf8.count, b.utf8.count))
            return sign.holds(a.byteOrder(to: b), 0)
        case (.bytes(let a), .bytes(let b)):
            try meter.charge(bytes: min(a.count, b.count))
            return sign.holds(a.lexicographicallyPrecedes(b) ? -1 : a == b ? 0 : 1, 0)
        case (.bool(let a), .bool(let b)): return sign.holds(a ? 1 : 0, b ? 1 : 0)
        case (.uint(let a), .uint(let b)): return sign.holds(a, b)
        case (.int(let a), .uint(let b)): return a < 0 ? sign.holds(-1, 0) : sign.holds(UInt64(a), b)
        case (.uint(let a), .int(let b)): return b < 0 ? sign.holds(0, -1) : sign.holds(a, UInt64(b))
        case (.uint(let a), .double(let b)): return sign.holds(Double(a), b)
        case (.double(let a), .uint(let b)): return sign.holds(a, Double(b))
        case (.timestamp(let a), .timestamp(let b)): return sign.holds(a, b)
        case (.duration(let a), .duration(let b)): return sign.holds(a, b)
        case (.host(let value), _) where value.isOpaque, (_, .host(let value)) where value.isOpaque:
            throw Failure(.opaque(value.typeName))
        default: throw Failure(.noOverload(sign.sign, types: [left.type.name, right.type.name]))
        }
    }
}

extension Operator {
    @inline(__always)
    fileprivate func holds<T: Comparable>(_ left: T, _ right: T) -> Bool {
        switch self {
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        default: left >= right
        }
    }
}

extension String {
    /// Negative, 0 or positive as the text sorts before, with or after another by its code points.
    func byteOrder(to other: String) -> Int {
        let left = utf8Span.span
        let right = other.utf8Span.span
        let common = min(left.count, right.count)
        var place = 0
        while place < common {
            if left[place] != right[place] { return left[place] < right[place] ? -1 : 1 }
            place += 1
        }
        return left.count - right.count
    }
}
