/// A value of the scope that an expression names, with the constant members it goes on to.
///
/// `nodes["hero"].images[0]` is the root `nodes` with the path `hero`, `images`.
public struct Reference: Sendable, Hashable {
    /// One member that is named by a constant.
    public struct Member: Sendable, Hashable {
        /// The name.
        public let name: String
        /// Whether it may be missing, as in `.?name`.
        public let isOptional: Bool
        /// The bytes of the name or of the literal in the source.
        public let nameRange: Range<Int>
        /// The bytes of the whole step with its point or brackets.
        public let range: Range<Int>
    }

    /// The name in the scope.
    public let root: String
    /// The bytes of the root in the source.
    public let rootRange: Range<Int>
    /// The members that follow, as far as they are constant.
    public let path: [Member]

    /// The bytes from the root to the last member of the path.
    public var range: Range<Int> { rootRange.lowerBound..<(path.last?.range.upperBound ?? rootRange.upperBound) }
}
