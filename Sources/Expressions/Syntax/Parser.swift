/// Reads tokens into a program by recursive descent; brackets may nest only so deep, so the stack stays small.
struct Parser {
    /// A name that a macro declares.
    struct Variable {
        let name: String
        let slot: Int32
        /// The value of a variable of `cel.bind`.
        let bound: Int32?
    }

    let bytes: [UInt8]
    let environment: Environment
    var builder: ProgramBuilder
    /// Every reference to the scope in the order of the text.
    var references: [Reference] = []
    /// The names of all variables of macros, for renaming.
    var variables: Set<String> = []
    var usesNow = false
    /// The whole expression, where filters were put round it.
    var result: Int32?

    private let tokens: [Token]
    private var next = 0
    private var depth = 0
    var macroDepth = 0
    private var scope: [Variable] = []

    /// A parser of the tokens from a place on; `bytes` is the UTF-8 of the source.
    init(
        source: String,
        bytes: [UInt8],
        from start: Int,
        to terminator: Lexer.Terminator,
        in environment: Environment
    ) throws(Failure) {
        self.bytes = bytes
        self.environment = environment
        builder = ProgramBuilder(source: source, environment: environment)
        let maximum = environment.limits.textBytes
        if terminator == .endOfText, bytes.count > maximum {
            throw Failure(.limit(.textBytes(maximum)), at: SourceRange(maximum, bytes.count))
        }
        tokens = try Lexer.tokens(of: bytes, from: start, to: terminator)
        let end = Int(tokens[tokens.count - 1].range.start)
        guard end - start <= maximum else {
            throw Failure(.limit(.textBytes(maximum)), at: SourceRange(start + maximum, end))
        }
    }

    /// The program of a whole text.
    mutating func program() throws(Failure) -> Program {
        let start = try expression()
        guard token.kind == .end else { throw unexpected("an operator or the end") }
        return program(from: start)
    }

    func program(from start: Int32) -> Program { Program(builder, start: start) }

    // MARK: Tokens

    var token: Token { tokens[next] }

    func peek(_ distance: Int) -> Token { tokens[max(0, min(next + distance, tokens.count - 1))] }

    @discardableResult
    mutating func advance() -> Token {
        let token = tokens[next]
        next = min(next + 1, tokens.count - 1)
        return token
    }

    mutating func accept(_ kind: Token.Kind) -> Bool {
        guard token.kind == kind else { return false }
        advance()
        return true
    }

    @discardableResult
    mutating func expect(_ kind: Token.Kind, _ description: String) throws(Failure) -> Token {
        guard token.kind == kind else { throw unexpected(description) }
        return advance()
    }

    func text(_ range: SourceRange) -> String {
        String(decoding: bytes[range.range], as: UTF8.self)
    }

    func text(_ token: Token) -> String { text(token.range) }

    // MARK: Operators

    /// `a ? b : c`, or anything that binds tighter.
    mutating func expression() throws(Failure) -> Int32 {
        guard depth <= environment.limits.depth else {
            throw Failure(.limit(.depth(environment.limits.depth)), at: token.range)
        }
        depth += 1
        defer { depth -= 1 }
        var branches: [(condition: Int32, range: SourceRange, then: Int32)] = []
        var last = try disjunction()
        while token.kind == .question {
            let question = advance()
            let then = try disjunction()
            guard accept(.colon) else { throw missingColon(after: question) }
            branches.append((last, question.range, then))
            last = try disjunction()
        }
        for branch in branches.reversed() {
            last = try builder.addConditional(branch.condition, branch.then, last, at: branch.range)
        }
        return last
    }

    private mutating func disjunction() throws(Failure) -> Int32 {
        let first = try conjunction()
        guard token.kind == .or else { return first }
        var operands = [first]
        let range = token.range
        while accept(.or) { operands.append(try conjunction()) }
        return try builder.add(over: operands, at: range) { .or($0) }
    }

    private mutating func conjunction() throws(Failure) -> Int32 {
        let first = try operators(rank: 0)
        guard token.kind == .and else { return first }
        var operands = [first]
        let range = token.range
        while accept(.and) { operands.append(try operators(rank: 0)) }
        return try builder.add(over: operands, at: range) { .and($0) }
    }

    /// Relations, sums and products, by rank.
    private mutating func operators(rank: Int) throws(Failure) -> Int32 {
        guard rank < 3 else { return try unary() }
        let first = try operators(rank: rank + 1)
        var links: [(sign: Operator, range: SourceRange, operand: Int32)] = []
        while let sign = Operator(token.kind), sign.rank == rank {
            let range = advance().range
            links.append((sign, range, try operators(rank: rank + 1)))
        }
        return links.isEmpty ? first : try builder.addChain(first, links)
    }

    mutating func unary() throws(Failure) -> Int32 {
        let sign = token
        guard sign.kind == .not || sign.kind == .minus else { return try member() }
        var count = 0
        while accept(sign.kind) { count += 1 }
        let operand: Int32
        if sign.kind == .minus, let literal = try negativeLiteral(after: sign) {
            operand = try member(of: literal)
            count -= 1
            if count > 1, count % 2 == 0 { count = 0 }
        } else {
            operand = try member()
        }
        guard count > 0 else { return operand }
        // Two signs undo each other, but both still want a number or Boolean.
        let negation: (Int32) -> Node = { sign.kind == .not ? .not($0) : .negate($0) }
        var result = try builder.add(negation(operand), at: sign.range, above: operand)
        if count % 2 == 0 { result = try builder.add(negation(result), at: sign.range, above: result) }
        return result
    }

    // MARK: Variables

    /// The variable of that name that is declared innermost, as a node.
    mutating func variable(_ name: String, at range: SourceRange) throws(Failure) -> Int32? {
        guard let variable = scope.last(where: { $0.name == name }) else { return nil }
        guard let bound = variable.bound else { return try builder.add(.local(variable.slot), at: range) }
        return try builder.add(.bound(slot: variable.slot, bound), at: range, above: bound)
    }

    func knows(variable name: String) -> Bool { scope.contains { $0.name == name } }

    /// Declares variables of a macro while its expressions are read.
    mutating func declaring<Result>(
        _ declared: [Variable],
        _ read: (inout Parser) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        scope += declared
        variables.formUnion(declared.map(\.name))
        defer { scope.removeLast(declared.count) }
        return try read(&self)
    }

    /// Declares variables whose values the evaluator assigns, each with a slot of its own.
    mutating func declaring<Result>(
        _ names: [String],
        _ read: (inout Parser, [Int32]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var declared: [Variable] = []
        for name in names { declared.append(Variable(name: name, slot: builder.openSlot(), bound: nil)) }
        defer { builder.closeSlots(names.count) }
        return try declaring(declared) { (parser) throws(Failure) in try read(&parser, declared.map(\.slot)) }
    }
}

extension Operator {
    /// Relations have 0, sums 1, products 2.
    fileprivate var rank: Int {
        switch self {
        case .multiply, .divide, .remainder: 2
        case .add, .subtract: 1
        default: 0
        }
    }
}
