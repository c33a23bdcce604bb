/// Runs a regular expression over a text, all ways at once, so that the time is linear in the text (Thompson, 1968).
struct RegexMatcher {
    /// Where the whole match and the groups begin and end, in bytes; negative where unknown.
    struct Captures {
        /// The whole match and the first group, which need no memory of their own.
        var places: (Int, Int, Int, Int) = (-1, -1, -1, -1)
        /// The groups from the second on, as far as the program keeps them.
        var others: [Int] = []

        func group(_ number: Int) -> (start: Int, end: Int) {
            switch number {
            case 0: (places.0, places.1)
            case 1: (places.2, places.3)
            case let number where number * 2 - 3 < others.count: (others[number * 2 - 4], others[number * 2 - 3])
            default: (-1, -1)
            }
        }

        mutating func save(_ slot: Int32, _ place: Int) {
            switch slot {
            case 0: places.0 = place
            case 1: places.1 = place
            case 2: places.2 = place
            case 3: places.3 = place
            default:
                while others.count <= Int(slot) - 4 { others.append(-1) }
                others[Int(slot) - 4] = place
            }
        }
    }

    private struct Thread {
        let instruction: Int32
        var captures: Captures
    }

    private let program: RegexProgram
    private let wantsCaptures: Bool
    /// The step at which each instruction was last reached, so that each is followed once a step.
    private var reached: [Int]
    private var current: [Thread] = []
    private var following: [Thread] = []
    private var pending: [Thread] = []
    private var work = 0

    init(_ program: RegexProgram, wantsCaptures: Bool) {
        self.program = program
        self.wantsCaptures = wantsCaptures
        reached = Array(repeating: -1, count: program.instructions.count)
    }

    /// The first match, the longest by the preferences of the pattern, or `nil`; its work is counted.
    ///
    /// The search begins at the byte `start`, which must be the first of a character.
    mutating func run(_ text: String, from start: Int = 0, _ meter: inout Meter) throws(Failure) -> Captures? {
        var best: Captures?
        var place = start
        let index = text.utf8.index(text.startIndex, offsetBy: start)
        var before: Unicode.Scalar? =
            start == 0 ? nil : text.unicodeScalars[text.unicodeScalars.index(before: index)]
        var rest = text.unicodeScalars[index...].makeIterator()
        var next = rest.next()
        while true {
            if best == nil {
                // Nothing is under way, so what no match begins with is passed by.
                while current.isEmpty, let scalar = next, program.cannotBegin(with: scalar) {
                    place += UTF8.width(scalar)
                    before = scalar
                    next = rest.next()
                    work += 1
                }
                follow(Thread(instruction: 0, captures: Captures()), place, before, next)
            }
            try settle(&meter)
            if let match = step(place, next, &best) { return match }
            guard let scalar = next, !following.isEmpty || best == nil else { return best }
            place += UTF8.width(scalar)
            before = scalar
            next = rest.next()
            advance(place, before, next)
        }
    }

    /// The states that `following` leads to become the current ones.
    private mutating func advance(_ place: Int, _ before: Unicode.Scalar?, _ next: Unicode.Scalar?) {
        current.removeAll(keepingCapacity: true)
        for number in following.indices { follow(following[number], place, before, next) }
        following.removeAll(keepingCapacity: true)
    }

    /// Lets every current state take the next character; gives the match when only that it exists was asked.
    private mutating func step(_ place: Int, _ next: Unicode.Scalar?, _ best: inout Captures?) -> Captures? {
        for thread in current {
            work += 1
            switch program.instructions[Int(thread.instruction)] {
            case .match:
                guard wantsCaptures else { return thread.captures }
                best = thread.captures
                // States after this one are less preferred.
                return following.isEmpty ? best : nil
            case .take(let set):
                guard let next, program.sets[Int(set)].contains(next) else { continue }
                following.append(Thread(instruction: thread.instruction + 1, captures: thread.captures))
            default: continue
            }
        }
        return nil
    }

    /// Adds the states that are reached without taking a character, the preferred first.
    private mutating func follow(
        _ start: Thread,
        _ place: Int,
        _ before: Unicode.Scalar?,
        _ next: Unicode.Scalar?
    ) {
        pending.append(start)
        while var thread = pending.popLast() {
            let number = Int(thread.instruction)
            guard reached[number] != place else { continue }
            reached[number] = place
            work += 1
            switch program.instructions[number] {
            case .jump(let target): pending.append(Thread(instruction: target, captures: thread.captures))
            case .split(let first, let second):
                pending.append(Thread(instruction: second, captures: thread.captures))
                pending.append(Thread(instruction: first, captures: thread.captures))
            case .save(let slot):
                if wantsCaptures { thread.captures.save(slot, place) }
                work += thread.captures.others.count >> 2
                pending.append(Thread(instruction: thread.instruction + 1, captures: thread.captures))
            case .assert(let assertion):
                guard Self.holds(assertion, before, next) else { continue }
                pending.append(Thread(instruction: thread.instruction + 1, captures: thread.captures))
            case .take, .match: current.append(thread)
            }
        }
    }

    private static func holds(
        _ assertion: RegexSyntax.Assertion,
        _ before: Unicode.Scalar?,
        _ next: Unicode.Scalar?
    ) -> Bool {
        switch assertion {
        case .textStart: before == nil
        case .textEnd: next == nil
        case .lineStart: before == nil || before == "\n"
        case .lineEnd: next == nil || next == "\n"
        case .wordBoundary: isWord(before) != isWord(next)
        case .noWordBoundary: isWord(before) == isWord(next)
        }
    }

    private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar, scalar.isASCII else { return false }
        return Words.isLetter(UInt8(scalar.value)) || Words.isDigit(UInt8(scalar.value))
    }

    /// Counts the work since the last time, one unit for 32 steps.
    private mutating func settle(_ meter: inout Meter) throws(Failure) {
        guard work >= 32 else { return }
        try meter.charge(work >> 5)
        work &= 31
    }
}

extension Evaluator {
    /// `matches` with a pattern known before the evaluation.
    mutating func matches(_ operand: Int32, _ pattern: Int32, at node: Int32) throws(Failure) -> CELValue {
        let value = try value(of: operand)
        guard case .string(let text) = value else {
            throw located(Failure(.noOverload("matches", types: [value.type.name, "string"])), at: node)
        }
        return .bool(try run(program.patterns[Int(pattern)], on: text, wantsCaptures: false) != nil)
    }

    /// `regex.extract` with a pattern known before the evaluation.
    mutating func extract(_ operand: Int32, _ pattern: Int32, at node: Int32) throws(Failure) -> CELValue {
        let value = try value(of: operand)
        guard case .string(let text) = value else {
            throw located(Failure(.noOverload("regex.extract", types: [value.type.name, "string"])), at: node)
        }
        return try extract(program.patterns[Int(pattern)], from: text)
    }

    /// `matches` with a pattern that is itself computed.
    mutating func matches(_ arguments: Arguments) throws(Failure) -> Bool {
        guard case .string(let text) = arguments.first, case .string(let pattern) = arguments.second else {
            throw mismatch(.matches, arguments)
        }
        return try run(try compile(pattern), on: text, wantsCaptures: false) != nil
    }

    /// `regex.extract` with a pattern that is itself computed.
    mutating func extract(_ arguments: Arguments) throws(Failure) -> CELValue {
        guard case .string(let text) = arguments.first, case .string(let pattern) = arguments.second else {
            throw mismatch(.extract, arguments)
        }
        return try extract(try compile(pattern), from: text)
    }

    private mutating func compile(_ pattern: String) throws(Failure) -> RegexProgram {
        try meter.charge(pattern.utf8.count)
        let compiled = try RegexProgram(pattern)
        try meter.charge(compiled.instructions.count >> 2)
        return compiled
    }

    private mutating func run(
        _ pattern: RegexProgram,
        on text: String,
        wantsCaptures: Bool
    ) throws(Failure) -> RegexMatcher.Captures? {
        try meter.charge(pattern.instructions.count >> 4)
        var matcher = RegexMatcher(pattern, wantsCaptures: wantsCaptures)
        return try matcher.run(text, &meter)
    }

    /// The first group of the first match, or the whole match when the pattern has no group.
    private mutating func extract(_ pattern: RegexProgram, from text: String) throws(Failure) -> CELValue {
        guard let found = try run(pattern, on: text, wantsCaptures: true)?.places else { return .none }
        let (start, end) = pattern.captureCount > 0 ? (found.2, found.3) : (found.0, found.1)
        guard start >= 0, end >= start else { return .none }
        return .optional(.string(text.bytes(start..<end)))
    }
}
