import Values

/// The elements of a CEL list; those of a JSON list are converted one by one when they are looked at.
public struct CELList: Sendable {
    enum Storage {
        case values([CELValue])
        case json([JSON])
        /// Null members of the maps inside count as missing.
        case jsonWithoutNulls([JSON])
    }

    let storage: Storage

    /// A list of these values.
    public init(_ elements: [CELValue]) {
        storage = .values(elements)
    }

    init(_ storage: Storage) {
        self.storage = storage
    }
}

extension CELList: RandomAccessCollection {
    /// The place of the first element.
    public var startIndex: Int { 0 }

    /// The place after the last element.
    public var endIndex: Int {
        switch storage {
        case .values(let values): values.count
        case .json(let elements), .jsonWithoutNulls(let elements): elements.count
        }
    }

    /// The element at that place.
    public subscript(position: Int) -> CELValue {
        switch storage {
        case .values(let values): values[position]
        case .json(let elements): CELValue(elements[position])
        case .jsonWithoutNulls(let elements): CELValue(elements[position], nullsAreMissing: true)
        }
    }
}

extension CELList: ExpressibleByArrayLiteral {
    /// A list of these values.
    public init(arrayLiteral elements: CELValue...) {
        self.init(elements)
    }
}
