extension CELValue: Hashable {
    /// Whether both are the same value by CEL's rules.
    public static func == (left: CELValue, right: CELValue) -> Bool {
        switch (left, right) {
        case (.list(let a), .list(let b)): a == b
        case (.map(let a), .map(let b)): a == b
        case (.optional(let a), .optional(let b)): a == b
        case (.host(let a), .host(let b)): a.isEqual(to: b)
        default: left.equalsScalar(right)
        }
    }

    /// Whether both are the same value, where neither is a list, a map, an optional or of the host.
    func equalsScalar(_ other: CELValue) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.uint(let a), .uint(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.string(let a), .string(let b)): a.isIdentical(to: b)
        case (.bytes(let a), .bytes(let b)): a == b
        case (.timestamp(let a), .timestamp(let b)): a == b
        case (.duration(let a), .duration(let b)): a == b
        case (.type(let a), .type(let b)): a == b
        case (.int(let a), .uint(let b)), (.uint(let b), .int(let a)): a >= 0 && UInt64(a) == b
        case (.int(let a), .double(let b)), (.double(let b), .int(let a)): Double(a) == b
        case (.uint(let a), .double(let b)), (.double(let b), .uint(let a)): Double(a) == b
        default: false
        }
    }

    /// Feeds the value into a hasher so that equal numbers hash alike.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .int(let value): hasher.combine(Double(value))
        case .uint(let value): hasher.combine(Double(value))
        case .double(let value): hasher.combine(value)
        case .string(let value): hasher.combine(value)
        case .bytes(let value): hasher.combine(value)
        case .list(let value): hasher.combine(value)
        case .map(let value): hasher.combine(value)
        case .timestamp(let value): hasher.combine(value)
        case .duration(let value): hasher.combine(value)
        case .type(let value): hasher.combine(value)
        case .optional(let value): hasher.combine(value)
        case .host(let value): value.hash(into: &hasher)
        }
    }
}

extension CELList: Hashable {
    /// Whether both have equal elements in the same order.
    public static func == (left: CELList, right: CELList) -> Bool { left.elementsEqual(right) }

    /// Feeds the elements into a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for element in self { hasher.combine(element) }
    }
}

extension CELMap: Hashable {
    /// Whether both have the same keys with equal values, in any order.
    public static func == (left: CELMap, right: CELMap) -> Bool {
        left.count == right.count && left.entries.allSatisfy { right[$0.key] == $0.value }
    }

    /// Feeds the entries into a hasher; their order does not count.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for entry in entries {
            var single = Hasher()
            single.combine(entry.key)
            single.combine(entry.value)
            sum ^= single.finalize()
        }
        hasher.combine(sum)
    }
}

extension String {
    /// Whether both have the same code points; `==` would also call canonically equivalent texts equal.
    func isIdentical(to other: String) -> Bool {
        guard self == other else { return false }
        let bytes = utf8Span
        return bytes.isKnownASCII || utf8.elementsEqual(other.utf8)
    }
}
