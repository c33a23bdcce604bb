/// One operation of a program; its operands are places in the program's arrays, so that reading it counts no reference.
enum Node {
    /// A value known before the evaluation.
    case constant(Int32)
    /// The variable of a macro, by its slot.
    case local(Int32)
    /// A value of the scope, by the place of its name.
    case root(Int32)
    /// A name or function that is not known and fails when it is reached.
    case unknown(Int32)
    /// The members of a value, one step after the other.
    case path(base: Int32, steps: Range32)
    /// Whether the last step of a path finds something.
    case has(base: Int32, steps: Range32)
    case not(Int32)
    case negate(Int32)
    /// Operands joined by `&&`.
    case and(Range32)
    /// Operands joined by `||`.
    case or(Range32)
    case binary(Operator, Int32, Int32)
    /// Operators of one rank from left to right: an operand, then an operator and an operand each.
    case chain(Range32)
    case conditional(Int32, then: Int32, otherwise: Int32)
    /// Elements; an operand below 0 is the complement of an optional one.
    case list(Range32)
    /// Keys and values in turn; a key below 0 is the complement of one whose value is optional.
    case map(Range32)
    case call(BuiltIn, Range32)
    /// A function of the host, by its place among those of the environment.
    case hostCall(Int32, Range32)
    /// A text and a pattern known before the evaluation.
    case matches(Int32, pattern: Int32)
    case extract(Int32, pattern: Int32)
    /// A macro over the elements of a list or map, by its place.
    case comprehension(Int32)
    /// `cel.bind`: a slot, and the expression that uses it.
    case bind(slot: Int32, body: Int32)
    /// The variable of `cel.bind`: its slot, and its value, which is evaluated at the first use.
    case bound(slot: Int32, Int32)
    /// `optMap` and `optFlatMap`: a slot, an optional, and the expression that uses its content.
    case optionalMap(slot: Int32, Int32, body: Int32, isFlat: Bool)
    /// `x.or(y)` and `x.orValue(y)`, which evaluate what is after it only when the optional is empty.
    case alternative(Int32, Int32, isPlain: Bool)
    /// `default(x, y)`.
    case fallback(Int32, Int32)
    /// `now()`.
    case now
}

/// A part of one of the program's arrays.
struct Range32: Hashable {
    var start: Int32
    var end: Int32

    var count: Int { Int(end - start) }
    var range: Range<Int> { Int(start)..<Int(end) }
}

/// The operators of two operands that always evaluate both.
enum Operator: Int32 {
    case add, subtract, multiply, divide, remainder
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, isIn

    init?(_ kind: Token.Kind) {
        switch kind {
        case .plus: self = .add
        case .minus: self = .subtract
        case .star: self = .multiply
        case .slash: self = .divide
        case .percent: self = .remainder
        case .equal: self = .equal
        case .notEqual: self = .notEqual
        case .less: self = .less
        case .lessOrEqual: self = .lessOrEqual
        case .greater: self = .greater
        case .greaterOrEqual: self = .greaterOrEqual
        case .isIn: self = .isIn
        default: return nil
        }
    }

    var sign: String {
        switch self {
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .remainder: "%"
        case .equal: "=="
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .isIn: "in"
        }
    }
}

/// One step from a value to a member of it.
struct Step {
    enum Kind: UInt8 {
        /// `.name`, `.?name`: the value is the place of the name.
        case field, optionalField
        /// `[x]`, `[?x]`: the value is a node.
        case index, optionalIndex
    }

    let kind: Kind
    let value: Int32
    let range: SourceRange
}

/// A macro that evaluates an expression once for each element of a list or key of a map.
struct Comprehension {
    enum Kind {
        case all, exists, existsOne, filter, map, transformMap, transformMapEntry
    }

    let kind: Kind
    /// The slot of the element, or of the index or key where there are two variables.
    let slot: Int32
    /// The slot of the element or value where there are two variables.
    let secondSlot: Int32?
    let target: Int32
    /// The condition on which `map` and the transformations take an element.
    let filter: Int32?
    let body: Int32
}

/// An expression in its parsed form.
final class Program: Sendable {
    let source: String
    let environment: Environment
    let nodes: [Node]
    let ranges: [SourceRange]
    let children: [Int32]
    let steps: [Step]
    let constants: [CELValue]
    let names: [String]
    let patterns: [RegexProgram]
    let comprehensions: [Comprehension]
    let start: Int32
    let slotCount: Int
    let hasBindings: Bool

    init(_ builder: ProgramBuilder, start: Int32) {
        source = builder.source
        environment = builder.environment
        nodes = builder.nodes
        ranges = builder.ranges
        children = builder.children
        steps = builder.steps
        constants = builder.constants
        names = builder.names
        patterns = builder.patterns
        comprehensions = builder.comprehensions
        slotCount = builder.slotCount
        hasBindings = builder.hasBindings
        self.start = start
    }
}
