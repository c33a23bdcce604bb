public import Values

/// One step from a value into it.
public enum PathStep: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// To the member of an object.
    case member(String)
    /// To the element of a list, from 0.
    case element(Int)

    /// To the member of that name.
    public init(stringLiteral value: String) { self = .member(value) }
    /// To the element at that place.
    public init(integerLiteral value: Int) { self = .element(value) }
}

/// One change of a document: another value at a path, or none.
public struct DocumentEdit: Sendable, Hashable {
    /// Where.
    public var path: [PathStep]
    /// The value to stand there; `nil` removes what does.
    public var value: JSON?

    /// A change to that value; objects that are missing on the way are made, and one element may be appended to a list.
    public init(_ path: [PathStep], _ value: JSON?) {
        self.path = path
        self.value = value
    }
}

/// Why a text could not be changed.
public struct DocumentEditError: Error, Sendable, CustomStringConvertible {
    /// What stands in the way, and where.
    public let description: String

    static func noPlace(_ path: [PathStep]) -> DocumentEditError {
        DocumentEditError(description: "The document has no place \(path.text).")
    }

    static func alias(_ path: [PathStep]) -> DocumentEditError {
        DocumentEditError(
            description: "The value on the way to \(path.text) is written elsewhere (a YAML alias). Write it out first."
        )
    }
}

extension [PathStep] {
    /// The path as people write it: `nodes[2].data.label`.
    public var text: String {
        var text = ""
        for step in self {
            switch step {
            case .member(let name): text += text.isEmpty ? name : ".\(name)"
            case .element(let place): text += "[\(place)]"
            }
        }
        return text
    }
}

extension JSON {
    /// The value at a path; `nil` when there is none.
    func value(at path: ArraySlice<PathStep>) -> JSON? {
        switch path.first {
        case nil: self
        case .member(let name): self[name]?.value(at: path.dropFirst())
        case .element(let place): self[place]?.value(at: path.dropFirst())
        }
    }

    /// This value after one change; removing what is not there changes nothing.
    func applying(_ edit: DocumentEdit) throws(DocumentEditError) -> JSON {
        try setting(edit.path[...], to: edit.value, for: edit) ?? self
    }

    /// `nil` when the value itself is to go.
    private func setting(
        _ path: ArraySlice<PathStep>,
        to value: JSON?,
        for edit: DocumentEdit
    ) throws(DocumentEditError) -> JSON? {
        guard let step = path.first else { return value }
        let rest = path.dropFirst()
        switch (step, self) {
        case (.member(let name), .object(var object)):
            if object[name] == nil, value == nil { return self }
            object[name] = try (object[name] ?? .null).setting(rest, to: value, for: edit)
            return .object(object)
        case (.element(let place), .array(var elements)) where elements.indices.contains(place):
            if let element = try elements[place].setting(rest, to: value, for: edit) {
                elements[place] = element
            } else {
                elements.remove(at: place)
            }
            return .array(elements)
        case (.element(let place), .array(let elements)) where place == elements.count && value != nil:
            return .array(elements + [try JSON.null.setting(rest, to: value, for: edit) ?? .null])
        case (_, .null) where value == nil: return self
        case (.member(let name), .null): return [name: try JSON.null.setting(rest, to: value, for: edit) ?? .null]
        case (.element(0), .null): return [try JSON.null.setting(rest, to: value, for: edit) ?? .null]
        default: throw .noPlace(edit.path)
        }
    }
}
