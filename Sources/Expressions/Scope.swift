/// The values an expression can name, looked up when they are needed.
public protocol Scope: Sendable {
    /// The value of that name, or `nil` when there is none.
    func value(ofRoot name: String) -> CELValue?
}

/// A scope of a few values by name.
public struct NamedValues: Scope, ExpressibleByDictionaryLiteral {
    private var values: [(name: String, value: CELValue)]

    /// A scope of these values; the first of a repeated name counts.
    public init(_ values: [(name: String, value: CELValue)] = []) {
        self.values = values
    }

    /// A scope of these values.
    public init(dictionaryLiteral elements: (String, CELValue)...) {
        self.init(elements.map { ($0.0, $0.1) })
    }

    /// The value of that name, or `nil` when there is none; setting `nil` removes it.
    public subscript(name: String) -> CELValue? {
        get { value(ofRoot: name) }
        set {
            values.removeAll { $0.name == name }
            if let newValue { values.append((name, newValue)) }
        }
    }

    /// The value of that name, or `nil` when there is none.
    public func value(ofRoot name: String) -> CELValue? {
        for entry in values where entry.name == name { return entry.value }
        return nil
    }
}

/// A scope with one value before those of another.
struct LayeredScope: Scope {
    let name: String
    let value: CELValue
    let outer: any Scope

    func value(ofRoot name: String) -> CELValue? {
        name == self.name ? value : outer.value(ofRoot: name)
    }
}
