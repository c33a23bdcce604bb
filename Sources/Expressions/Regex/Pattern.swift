/// A regular expression in RE2's syntax, matched in time linear in the text.
public struct Pattern: Sendable {
    /// One place of a text that the pattern matches.
    public struct Match: Sendable, Hashable {
        /// The matched bytes of the text in UTF-8.
        public let range: Range<Int>
        /// The matched text.
        public let text: String
        /// What each group took, from the first on; `nil` for a group that took no part.
        public let groups: [String?]
    }

    /// The most groups a pattern may have.
    public static let maximumGroups = 32
    /// The units of work of one search, of 32 steps each.
    private static let work = 400_000

    private let source: String
    private let program: RegexProgram

    /// Reads a pattern.
    ///
    /// - Throws: ``ExpressionError`` that says what is wrong with it.
    public init(_ source: String) throws(ExpressionError) {
        do throws(Failure) {
            guard source.utf8.count <= 4 << 10 else { throw Failure(.limit(.textBytes(4 << 10))) }
            program = try RegexProgram(source, groups: Self.maximumGroups)
            guard program.captureCount <= Self.maximumGroups else {
                throw Failure(.invalidValue("The pattern has more than \(Self.maximumGroups) groups."))
            }
            // Only who asks for groups by name cares: a condition may match with such a pattern, as in other evaluators.
            let names = program.groupNames.values
            guard Set(names).count == names.count else {
                throw Failure(.invalidValue("Two groups of the pattern have the same name."))
            }
        } catch {
            throw ExpressionError(error, in: source)
        }
        self.source = source
    }

    /// The names of the groups, from the first on; `nil` for one without a name.
    public var groupNames: [String?] {
        (0..<program.captureCount).map { program.groupNames[$0 + 1] }
    }

    /// Whether the pattern matches somewhere in a text.
    ///
    /// - Throws: ``ExpressionError`` when the search takes too much work.
    public func matches(_ text: String) throws(ExpressionError) -> Bool {
        do throws(Failure) {
            var meter = Meter(limit: Self.work)
            var matcher = RegexMatcher(program, wantsCaptures: false)
            return try matcher.run(text, &meter) != nil
        } catch {
            throw ExpressionError(error, in: source)
        }
    }

    /// The matches from left to right, none inside another.
    ///
    /// - Parameters:
    ///   - text: The text that is searched.
    ///   - maximum: The most matches that are wanted.
    /// - Returns: The matches in the order of the text.
    /// - Throws: ``ExpressionError`` when the search takes too much work.
    public func matches(in text: String, atMost maximum: Int) throws(ExpressionError) -> [Match] {
        do throws(Failure) {
            var meter = Meter(limit: Self.work)
            var matches: [Match] = []
            var start = 0
            let bytes = text.utf8.count
            while matches.count < maximum, start <= bytes {
                try meter.charge(1 + program.instructions.count >> 4)
                var matcher = RegexMatcher(program, wantsCaptures: true)
                guard let found = try matcher.run(text, from: start, &meter) else { break }
                let (from, to) = found.group(0)
                let groups = (0..<program.captureCount).map { number -> String? in
                    let (from, to) = found.group(number + 1)
                    return from >= 0 && to >= from ? text.bytes(from..<to) : nil
                }
                matches.append(Match(range: from..<to, text: text.bytes(from..<to), groups: groups))
                start = to > from ? to : Self.next(after: to, in: text)
            }
            return matches
        } catch {
            throw ExpressionError(error, in: source)
        }
    }

    private static func next(after place: Int, in text: String) -> Int {
        let index = text.utf8.index(text.startIndex, offsetBy: place)
        guard index < text.endIndex else { return place + 1 }
        return place + UTF8.width(text.unicodeScalars[index])
    }
}
