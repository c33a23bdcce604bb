/// A regular expression as instructions for ``RegexMatcher``.
final class RegexProgram: Sendable {
    enum Instruction {
        /// Takes one character of a set and goes on.
        case take(Int32)
        /// Goes on at both places, the first preferred.
        case split(Int32, Int32)
        case jump(Int32)
        /// Keeps the place in the text.
        case save(Int32)
        case assert(RegexSyntax.Assertion)
        case match
    }

    private static let maximumLength = 6000
    /// Repetitions of nothing add no instruction, so the steps of the compiler are bounded too.
    private static let maximumSteps = 100_000

    let instructions: [Instruction]
    let sets: [RegexSet]
    let captureCount: Int
    /// The names of groups by their numbers.
    let groupNames: [Int: String]
    /// The characters of ASCII a match may begin with, one bit each; `nil` when a match may be empty or begin anywhere.
    private let beginnings: (low: UInt64, high: UInt64)?

    /// - Parameters:
    ///   - pattern: The regular expression.
    ///   - groups: The number of groups whose places are kept, counted from the first.
    /// - Throws: A failure without a place when the pattern is not valid or too large.
    init(_ pattern: String, groups: Int = 1) throws(Failure) {
        var parser = RegexParser(pattern)
        let syntax = try parser.parse()
        var compiler = Compiler(groups: groups)
        // Group 0 is the whole match.
        guard compiler.add(.capture(syntax, number: 0)) else { throw parser.invalid("it is too large") }
        compiler.append(.match)
        instructions = compiler.instructions
        sets = compiler.sets
        captureCount = parser.captureCount
        groupNames = parser.groupNames
        beginnings = Self.beginnings(compiler.instructions, compiler.sets)
    }

    /// Whether no match begins with a character, so that a search can pass it by.
    func cannotBegin(with scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        guard let beginnings, value < 128 else { return false }
        return (value < 64 ? beginnings.low >> UInt64(value) : beginnings.high >> UInt64(value - 64)) & 1 == 0
    }

    private static func beginnings(_ instructions: [Instruction], _ sets: [RegexSet]) -> (low: UInt64, high: UInt64)? {
        var bits: (low: UInt64, high: UInt64) = (0, 0)
        var reached = Array(repeating: false, count: instructions.count)
        var pending = [0]
        while let place = pending.popLast() {
            guard !reached[place] else { continue }
            reached[place] = true
            switch instructions[place] {
            case .jump(let target): pending.append(Int(target))
            case .split(let first, let second): pending += [Int(first), Int(second)]
            case .save: pending.append(place + 1)
            case .assert, .match: return nil
            case .take(let set):
                for value in 0..<64 as Range<UInt8> {
                    if sets[Int(set)].contains(Unicode.Scalar(value)) { bits.low |= 1 << UInt64(value) }
                    if sets[Int(set)].contains(Unicode.Scalar(value + 64)) { bits.high |= 1 << UInt64(value) }
                }
            }
        }
        return bits
    }

    private struct Compiler {
        let groups: Int
        var instructions: [Instruction] = []
        var sets: [RegexSet] = []
        private var steps = 0

        init(groups: Int) {
            self.groups = groups
        }

        private var next: Int32 { Int32(instructions.count) }

        mutating func append(_ instruction: Instruction) { instructions.append(instruction) }

        /// Adds what matches some syntax; false when the program grows too long.
        mutating func add(_ syntax: RegexSyntax) -> Bool {
            steps += 1
            guard instructions.count < RegexProgram.maximumLength, steps < RegexProgram.maximumSteps else {
                return false
            }
            switch syntax {
            case .empty: return true
            case .character(let set):
                sets.append(set)
                append(.take(Int32(sets.count - 1)))
                return true
            case .assertion(let assertion):
                append(.assert(assertion))
                return true
            case .sequence(let parts): return parts.allSatisfy { add($0) }
            case .alternatives(let parts): return add(alternatives: parts)
            case .repetition(let part, let minimum, let maximum, let isGreedy):
                return add(part, minimum: minimum, maximum: maximum, isGreedy: isGreedy)
            case .capture(let part, let number):
                guard number <= groups else { return add(part) }
                append(.save(Int32(number * 2)))
                guard add(part) else { return false }
                append(.save(Int32(number * 2 + 1)))
                return true
            }
        }

        private mutating func add(alternatives parts: [RegexSyntax]) -> Bool {
            var ends: [Int] = []
            for (place, part) in parts.enumerated() {
                let isLast = place == parts.count - 1
                let split = instructions.count
                if !isLast { append(.split(next + 1, 0)) }
                guard add(part) else { return false }
                guard !isLast else { break }
                ends.append(instructions.count)
                append(.jump(0))
                instructions[split] = .split(Int32(split) + 1, next)
            }
            for end in ends { instructions[end] = .jump(next) }
            return true
        }

        private mutating func add(_ part: RegexSyntax, minimum: Int, maximum: Int?, isGreedy: Bool) -> Bool {
            for _ in 0..<minimum {
                guard add(part) else { return false }
            }
            guard let maximum else { return addLoop(part, isGreedy: isGreedy) }
            var splits: [Int] = []
            for _ in minimum..<max(minimum, maximum) {
                splits.append(instructions.count)
                append(.split(0, 0))
                guard add(part) else { return false }
            }
            for split in splits { instructions[split] = choice(Int32(split) + 1, next, isGreedy) }
            return true
        }

        private mutating func addLoop(_ part: RegexSyntax, isGreedy: Bool) -> Bool {
            let split = instructions.count
            append(.split(0, 0))
            guard add(part) else { return false }
            append(.jump(Int32(split)))
            instructions[split] = choice(Int32(split) + 1, next, isGreedy)
            return true
        }

        private func choice(_ inside: Int32, _ outside: Int32, _ isGreedy: Bool) -> Instruction {
            isGreedy ? .split(inside, outside) : .split(outside, inside)
        }
    }
}
