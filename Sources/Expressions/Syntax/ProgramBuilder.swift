/// Collects the nodes of a program while it is parsed.
struct ProgramBuilder {
    /// The most nodes from the whole expression down to a leaf; evaluation goes as deep.
    private static let maximumHeight: Int32 = 300

    let source: String
    let environment: Environment
    private(set) var nodes: [Node] = []
    private(set) var ranges: [SourceRange] = []
    private(set) var children: [Int32] = []
    private(set) var steps: [Step] = []
    private(set) var constants: [CELValue] = []
    private(set) var names: [String] = []
    private(set) var patterns: [RegexProgram] = []
    private(set) var comprehensions: [Comprehension] = []
    private(set) var slotCount = 0
    private(set) var hasBindings = false
    private var heights: [Int32] = []
    private var openSlots = 0

    init(source: String, environment: Environment) {
        self.source = source
        self.environment = environment
    }

    func range(of node: Int32) -> SourceRange { ranges[Int(node)] }

    func constant(of node: Int32) -> CELValue? {
        guard node >= 0, case .constant(let place) = nodes[Int(node)] else { return nil }
        return constants[Int(place)]
    }

    /// Whether a member can be taken of the node's text without parentheses round it.
    func isTight(_ node: Int32) -> Bool {
        switch nodes[Int(node)] {
        case .binary, .chain, .and, .or, .not, .negate, .conditional: false
        default: true
        }
    }

    // MARK: Nodes

    /// Adds a node above some others.
    mutating func add(_ node: Node, at range: SourceRange, above operands: Int32...) throws(Failure) -> Int32 {
        try add(node, at: range, height: height(above: operands))
    }

    private mutating func add(_ node: Node, at range: SourceRange, height: Int32) throws(Failure) -> Int32 {
        guard height <= Self.maximumHeight else {
            throw Failure(
                .limit(.depth(environment.limits.depth)),
                at: range,
                hint: "Name a part with `cel.bind(x, …, …)` or split the expression."
            )
        }
        nodes.append(node)
        ranges.append(range)
        heights.append(height)
        return Int32(nodes.count - 1)
    }

    private func height(above operands: some Sequence<Int32>) -> Int32 {
        operands.reduce(0) { max($0, heights[Int($1 < 0 ? ~$1 : $1)]) } + 1
    }

    mutating func addConstant(_ value: CELValue, at range: SourceRange) throws(Failure) -> Int32 {
        constants.append(value)
        return try add(.constant(Int32(constants.count - 1)), at: range)
    }

    mutating func addUnknown(_ name: String, at range: SourceRange) throws(Failure) -> Int32 {
        try add(.unknown(place(ofName: name)), at: range)
    }

    /// Adds a node over operands of any number, which `make` receives as a part of ``children``.
    mutating func add(
        over operands: [Int32],
        at range: SourceRange,
        _ make: (Range32) -> Node
    ) throws(Failure) -> Int32 {
        let height = height(above: operands)
        let start = Int32(children.count)
        children.append(contentsOf: operands)
        return try add(make(Range32(start: start, end: start + Int32(operands.count))), at: range, height: height)
    }

    /// Adds operators of one rank from left to right.
    mutating func addChain(
        _ first: Int32,
        _ links: [(sign: Operator, range: SourceRange, operand: Int32)]
    ) throws(Failure) -> Int32 {
        if links.count == 1 {
            return try add(
                .binary(links[0].sign, first, links[0].operand),
                at: links[0].range,
                above: first,
                links[0].operand
            )
        }
        let height = height(above: [first] + links.map(\.operand))
        let start = Int32(children.count)
        children.append(first)
        // The place of a failing operator is told by its operand, which follows it.
        for link in links { children.append(contentsOf: [link.sign.rawValue, link.operand]) }
        let range = links[0].range.through(links[links.count - 1].range)
        return try add(.chain(Range32(start: start, end: Int32(children.count))), at: range, height: height)
    }

    mutating func addPath(from base: Int32, _ path: [Step], at range: SourceRange) throws(Failure) -> Int32 {
        var height = height(above: [base])
        for step in path where step.kind == .index || step.kind == .optionalIndex {
            height = max(height, heights[Int(step.value)] + 1)
        }
        let start = Int32(steps.count)
        steps.append(contentsOf: path)
        let part = Range32(start: start, end: Int32(steps.count))
        return try add(.path(base: base, steps: part), at: range, height: height)
    }

    /// Adds the test whether the last step of a path finds something, or gives `nil` when the node is no such path.
    mutating func addTest(of node: Int32, at range: SourceRange) throws(Failure) -> Int32? {
        guard case .path(let base, let part) = nodes[Int(node)], steps[Int(part.end) - 1].kind == .field else {
            return nil
        }
        return try add(.has(base: base, steps: part), at: range, height: heights[Int(node)])
    }

    /// Adds a conditional; the evaluator walks along the last branches of a row without going deeper.
    mutating func addConditional(
        _ condition: Int32,
        _ then: Int32,
        _ otherwise: Int32,
        at range: SourceRange
    ) throws(Failure) -> Int32 {
        var height = height(above: [condition, then])
        if case .conditional = nodes[Int(otherwise)] {
            height = max(height, heights[Int(otherwise)])
        } else {
            height = max(height, heights[Int(otherwise)] + 1)
        }
        return try add(.conditional(condition, then: then, otherwise: otherwise), at: range, height: height)
    }

    mutating func addComprehension(_ comprehension: Comprehension, at range: SourceRange) throws(Failure) -> Int32 {
        let height = height(
            above: [comprehension.target, comprehension.body] + (comprehension.filter.map { [$0] } ?? [])
        )
        comprehensions.append(comprehension)
        return try add(.comprehension(Int32(comprehensions.count - 1)), at: range, height: height)
    }

    // MARK: Parts

    mutating func place(ofName name: String) -> Int32 {
        // Names are not shared: `==` would merge those that are only canonically equivalent.
        names.append(name)
        return Int32(names.count - 1)
    }

    mutating func place(ofPattern pattern: RegexProgram) -> Int32 {
        patterns.append(pattern)
        return Int32(patterns.count - 1)
    }

    mutating func openSlot() -> Int32 {
        openSlots += 1
        slotCount = max(slotCount, openSlots)
        return Int32(openSlots - 1)
    }

    mutating func closeSlots(_ count: Int) {
        openSlots -= count
    }

    /// Opens a slot for a variable whose value is evaluated late, apart from every slot that value itself uses.
    mutating func openLateSlot() -> (slot: Int32, before: Int) {
        hasBindings = true
        let before = openSlots
        openSlots = slotCount
        return (openSlot(), before)
    }

    mutating func closeLateSlot(backTo before: Int) {
        openSlots = before
    }
}
