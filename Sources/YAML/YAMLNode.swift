/// A value of a YAML document with the place where it stands.
public indirect enum YAMLNode: Sendable, Hashable {
    /// A text; `isPlain` tells that it was written without quotes, so that `true` or `1` may mean more than a text.
    case scalar(String, isPlain: Bool, at: YAMLPosition)
    /// A list.
    case sequence([YAMLNode], at: YAMLPosition)
    /// Pairs in the order written; keys may repeat.
    case mapping([YAMLPair], at: YAMLPosition)

    /// The place where the value begins.
    public var position: YAMLPosition {
        switch self {
        case .scalar(_, _, let position), .sequence(_, let position), .mapping(_, let position): position
        }
    }
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
    /// The column in characters, from 1.
    public let column: Int
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
