/// One change of a JSON document as a JSON Patch writes it (RFC 6902).
public struct JSONChange: Sendable, Hashable {
    /// What happens at the place.
    public enum Operation: Sendable, Hashable {
        /// A member is set, or an element inserted; the last name `-` of a path stands for the end of a list.
        case add(JSON)
        /// What is there becomes another value.
        case replace(JSON)
        /// What is there goes away.
        case remove
    }

    /// The names of members and numbers of elements that lead to the place.
    public var path: [String]
    /// What happens there.
    public var operation: Operation

    /// A change at a place.
    public init(_ path: [String], _ operation: Operation) {
        self.path = path
        self.operation = operation
    }

    /// The change as an operation of a JSON Patch, its place as a JSON Pointer (RFC 6901).
    public var json: JSON {
        let pointer = path.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
        return switch operation {
        case .add(let value): ["op": "add", "path": .string(pointer), "value": value]
        case .replace(let value): ["op": "replace", "path": .string(pointer), "value": value]
        case .remove: ["op": "remove", "path": .string(pointer)]
        }
    }
}

extension JSON {
    /// The document after changes in their order, or `nil` when a place is not there.
    public func applying(_ changes: [JSONChange]) -> JSON? {
        var document = self
        for change in changes {
            guard let changed = document.applying(change.operation, at: change.path[...]) else { return nil }
            document = changed
        }
        return document
    }

    private func applying(_ operation: JSONChange.Operation, at path: ArraySlice<String>) -> JSON? {
        guard let name = path.first else {
            switch operation {
            case .add(let value), .replace(let value): return value
            case .remove: return nil
            }
        }
        let rest = path.dropFirst()
        switch self {
        case .object(var object):
            if rest.isEmpty {
                switch operation {
                case .add(let value): object[name] = value
                case .replace(let value):
                    guard object[name] != nil else { return nil }
                    object[name] = value
                case .remove:
                    guard object[name] != nil else { return nil }
                    object[name] = nil
                }
            } else {
                guard let member = object[name]?.applying(operation, at: rest) else { return nil }
                object[name] = member
            }
            return .object(object)
        case .array(var elements):
            guard let place = name == "-" ? elements.count : Int(name), place >= 0 else { return nil }
            if rest.isEmpty, case .add(let value) = operation {
                guard place <= elements.count else { return nil }
                elements.insert(value, at: place)
                return .array(elements)
            }
            guard place < elements.count else { return nil }
            if rest.isEmpty, operation == .remove {
                elements.remove(at: place)
            } else {
                guard let element = elements[place].applying(operation, at: rest) else { return nil }
                elements[place] = element
            }
            return .array(elements)
        default: return nil
        }
    }
}
