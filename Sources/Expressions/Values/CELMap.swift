import Values

/// The entries of a CEL map in order; the values of a JSON object are converted one by one when they are looked at.
public struct CELMap: Sendable {
    /// One entry whose key is a text.
    public struct Member: Sendable {
        /// The key.
        public var key: String
        /// The value.
        public var value: CELValue

        /// An entry of that key and value.
        public init(key: String, value: CELValue) {
            self.key = key
            self.value = value
        }
    }

    enum Storage {
        case entries(Entries)
        case json(JSONObject)
        /// Null members count as missing.
        case jsonWithoutNulls(JSONObject)
    }

    let storage: Storage

    init(_ storage: Storage) {
        self.storage = storage
    }

    /// A map with texts as keys; a repeated key keeps its first place and its last value.
    public init(_ members: [Member]) {
        storage = .entries(Entries(members: members))
    }

    /// A map of these entries, or `nil` when two keys are equal.
    ///
    /// Keys are Booleans, integers or texts.
    public init?(keys: [CELValue], values: [CELValue]) {
        guard keys.count == values.count, let entries = Entries(keys: keys, values: values) else { return nil }
        storage = .entries(entries)
    }

    /// The number of entries.
    public var count: Int {
        switch storage {
        case .entries(let entries): entries.keys.count
        case .json(let object): object.count
        case .jsonWithoutNulls(let object): object.reduce(0) { $1.value.isNull ? $0 : $0 + 1 }
        }
    }

    /// Whether there is no entry.
    public var isEmpty: Bool {
        switch storage {
        case .entries(let entries): entries.keys.isEmpty
        case .json(let object): object.isEmpty
        case .jsonWithoutNulls(let object): object.allSatisfy(\.value.isNull)
        }
    }

    /// The value of that key, or `nil` when it is missing.
    public subscript(name: String) -> CELValue? {
        switch storage {
        case .entries(let entries): entries.value(named: name)
        case .json(let object): object[name].map { CELValue($0) }
        case .jsonWithoutNulls(let object):
            object[name].flatMap { $0.isNull ? nil : CELValue($0, nullsAreMissing: true) }
        }
    }

    /// The value of that key, or `nil` when it is missing; 1, 1u and 1.0 are one key.
    public subscript(key: CELValue) -> CELValue? {
        if case .string(let name) = key { return self[name] }
        guard case .entries(let entries) = storage else { return nil }
        return entries.value(of: key)
    }

    /// The keys in order.
    public var keys: [CELValue] {
        switch storage {
        case .entries(let entries): entries.keys
        case .json(let object): object.map { .string($0.key) }
        case .jsonWithoutNulls(let object): object.compactMap { $0.value.isNull ? nil : .string($0.key) }
        }
    }

    /// The keys with their values in order.
    public var entries: [(key: CELValue, value: CELValue)] {
        switch storage {
        case .entries(let entries): zip(entries.keys, entries.values).map { ($0, $1) }
        case .json(let object): object.map { (.string($0.key), CELValue($0.value)) }
        case .jsonWithoutNulls(let object):
            object.compactMap { member in
                member.value.isNull ? nil : (.string(member.key), CELValue(member.value, nullsAreMissing: true))
            }
        }
    }
}

extension CELMap: ExpressibleByDictionaryLiteral {
    /// A map with texts as keys; a repeated key keeps its last value.
    public init(dictionaryLiteral elements: (String, CELValue)...) {
        self.init(elements.map { Member(key: $0.0, value: $0.1) })
    }
}

extension CELMap {
    /// Entries made by an expression: found one after the other when they are few, else through a hash table.
    final class Entries: Sendable {
        private static let indexThreshold = 9

        let keys: [CELValue]
        let values: [CELValue]
        private let places: [CELValue: Int]

        /// The entries, or `nil` when two keys are equal.
        init?(keys: [CELValue], values: [CELValue]) {
            self.keys = keys
            self.values = values
            guard keys.count >= Self.indexThreshold else {
                places = [:]
                for place in keys.indices.dropFirst() {
                    for earlier in 0..<place where keys[earlier] == keys[place] { return nil }
                }
                return
            }
            var places = [CELValue: Int](minimumCapacity: keys.count)
            for (place, key) in keys.enumerated() where places.updateValue(place, forKey: key) != nil { return nil }
            self.places = places
        }

        /// The entries, where a repeated key keeps its first place and its last value.
        init(members: [Member]) {
            var places = [CELValue: Int](minimumCapacity: members.count)
            var keys: [CELValue] = []
            var values: [CELValue] = []
            for member in members {
                let key = CELValue.string(member.key)
                if let place = places[key] {
                    values[place] = member.value
                } else {
                    places[key] = keys.count
                    keys.append(key)
                    values.append(member.value)
                }
            }
            self.keys = keys
            self.values = values
            self.places = keys.count >= Self.indexThreshold ? places : [:]
        }

        func value(named name: String) -> CELValue? {
            guard keys.count < Self.indexThreshold else { return value(of: .string(name)) }
            for place in keys.indices {
                if case .string(let key) = keys[place], key.isIdentical(to: name) { return values[place] }
            }
            return nil
        }

        func value(of key: CELValue) -> CELValue? {
            if keys.count >= Self.indexThreshold { return places[key].map { values[$0] } }
            return keys.firstIndex(of: key).map { values[$0] }
        }
    }
}
