/// What flows along an edge: JSON data, stored media, or a list of these.
public indirect enum Value: Hashable, Sendable {
    /// A text, number, Boolean or any other JSON value.
    case json(JSON)
    /// Stored bytes.
    case media(MediaReference)
    /// The items of a list port, or of an iterated node, in order.
    case list([Value])

    /// A text.
    public static func text(_ text: String) -> Value { .json(.string(text)) }

    /// The text, or `nil` when this is another kind of value.
    public var text: String? {
        guard case .json(.string(let text)) = self else { return nil }
        return text
    }

    /// The media of this value in order: itself, or those of its items.
    public var media: [MediaReference] {
        switch self {
        case .json: []
        case .media(let reference): [reference]
        case .list(let items): items.flatMap(\.media)
        }
    }

    /// The value as our own records keep it; ``init(record:)`` reads it back.
    public var record: JSON {
        switch self {
        case .json(let json): ["j": json]
        case .media(let reference): ["m": reference.json]
        case .list(let items): ["l": .array(items.map(\.record))]
        }
    }

    /// Reads what ``record`` writes; `nil` for anything else.
    public init?(record: JSON) {
        guard let member = record.object?.first else { return nil }
        switch (member.key, member.value) {
        case ("j", let json):
            self = .json(json)
        case ("m", let json):
            guard let reference = MediaReference(json: json) else { return nil }
            self = .media(reference)
        case ("l", .array(let items)):
            var values: [Value] = []
            for item in items {
                guard let value = Value(record: item) else { return nil }
                values.append(value)
            }
            self = .list(values)
        default: return nil
        }
    }
}
