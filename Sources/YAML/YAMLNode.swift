/// A value of a YAML document with the place where it stands.
public indirect enum YAMLNode: Sendable, Hashable {
    /// A text; `isPlain` tells that it was written without quotes, so that `true` or `1` may mean more than a text.
    case scalar(String, isPlain: Bool, at: YAMLExtent)
    /// A list.
    case sequence([YAMLNode], at: YAMLExtent)
    /// Pairs in the order written; keys may repeat.
    case mapping([YAMLPair], at: YAMLExtent)

    /// The part of the text that the value takes.
    public var extent: YAMLExtent {
        switch self {
        case .scalar(_, _, let extent), .sequence(_, let extent), .mapping(_, let extent): extent
        }
    }

    /// The place where the value begins.
    public var position: YAMLPosition { extent.start }

    /// The same value at another place.
    func moved(to extent: YAMLExtent) -> YAMLNode {
        switch self {
        case .scalar(let text, let isPlain, _): .scalar(text, isPlain: isPlain, at: extent)
        case .sequence(let items, _): .sequence(items, at: extent)
        case .mapping(let pairs, _): .mapping(pairs, at: extent)
        }
    }
}

/// The part of a text that a value takes, and how it is written there.
public struct YAMLExtent: Sendable, Hashable {
    /// A way to write a value.
    public enum Style: Sendable, Hashable {
        /// A text without quotes.
        case plain
        /// A text in single or double quotes.
        case quoted
        /// A text in lines of its own, after `|` or `>`.
        case literal
        /// A list or a mapping by indentation.
        case block
        /// A list in brackets or a mapping in braces.
        case flow
        /// A reference to an anchor elsewhere, where the value itself is written.
        case alias
    }

    /// The first character; that of the anchor or tag when there is one.
    public let start: YAMLPosition
    /// The place after the last character; a literal text ends where the next line with less indentation begins.
    public let end: YAMLPosition
    /// How it is written.
    public let style: Style
    /// Whether an anchor or a tag stands before it.
    public let isMarked: Bool
}

/// One key with its value.
public struct YAMLPair: Sendable, Hashable {
    /// The key.
    public let key: YAMLNode
    /// The value.
    public let value: YAMLNode
}

/// A place in a text.
public struct YAMLPosition: Sendable, Hashable {
    /// The line, from 1.
    public let line: Int
    /// The column in Unicode scalars, from 1.
    public let column: Int
    /// The number of Unicode scalars before it, a byte-order mark at the start of the text left out.
    public let offset: Int
}

/// Why a text is no YAML document within the limits, and where.
public struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let reason: String
    /// Where.
    public let position: YAMLPosition

    /// An error at that place.
    public init(reason: String, position: YAMLPosition) {
        self.reason = reason
        self.position = position
    }

    /// The reason with line and column.
    public var description: String { "\(reason) (line \(position.line), column \(position.column))." }
}
