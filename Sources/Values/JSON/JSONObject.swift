/// The members of a JSON object, in the order they were written, with distinct names.
///
/// Look-up is linear up to ``indexThreshold`` members and hashed above.
public struct JSONObject: Sendable {
    /// One name with its value.
    public struct Member: Sendable, Hashable {
        /// The name.
        public var key: String
        /// The value.
        public var value: JSON

        /// A member of that name and value.
        public init(key: String, value: JSON) {
            self.key = key
            self.value = value
        }
    }

    /// The number of members from which names are found through a hash table.
    public static let indexThreshold = 12

    private var members: [Member]
    private var places: [String: Int]?

    /// An object without members.
    public init() {
        members = []
    }

    /// An object with these members; where a name is repeated, its last value stands at its first place.
    public init(_ members: [Member]) {
        self.members = members
        guard members.count >= Self.indexThreshold else {
            if hasRepeatedName { self = members.reduce(into: JSONObject()) { $0[$1.key] = $1.value } }
            return
        }
        var places = [String: Int](minimumCapacity: members.count)
        for (place, member) in members.enumerated() where places.updateValue(place, forKey: member.key) != nil {
            self = members.reduce(into: JSONObject()) { $0[$1.key] = $1.value }
            return
        }
        self.places = places
    }

    /// The value of that name; setting `nil` removes the member, setting a new name appends it.
    public subscript(name: String) -> JSON? {
        get {
            guard let place = place(of: name) else { return nil }
            return members[place].value
        }
        set {
            switch (place(of: name), newValue) {
            case (let place?, let value?):
                members[place].value = value
            case (let place?, nil):
                members.remove(at: place)
                reindex()
            case (nil, let value?):
                members.append(Member(key: name, value: value))
                if places != nil {
                    places?[name] = members.count - 1
                } else if members.count >= Self.indexThreshold {
                    reindex()
                }
            case (nil, nil):
                break
            }
        }
    }

    /// The names in order.
    public var keys: [String] { members.map(\.key) }

    /// Appends a member of a name that is not there yet; faster than the subscript because nothing is looked up.
    package mutating func append(new key: String, _ value: JSON) {
        members.append(Member(key: key, value: value))
        if places != nil {
            places?[key] = members.count - 1
        } else if members.count >= Self.indexThreshold {
            reindex()
        }
    }

    private var hasRepeatedName: Bool {
        for place in members.indices.dropFirst() {
            let key = members[place].key
            for earlier in 0..<place where members[earlier].key == key { return true }
        }
        return false
    }

    private func place(of name: String) -> Int? {
        if let places { return places[name] }
        for place in members.indices where members[place].key == name { return place }
        return nil
    }

    private mutating func reindex() {
        guard members.count >= Self.indexThreshold else {
            places = nil
            return
        }
        places = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1.key, $0) })
    }
}

extension JSONObject: RandomAccessCollection {
    /// The place of the first member.
    public var startIndex: Int { 0 }
    /// The place after the last member.
    public var endIndex: Int { members.count }
    /// The member at that place.
    public subscript(position: Int) -> Member { members[position] }
}

extension JSONObject: Hashable {
    /// Whether both have the same names with equal values, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
    }

    /// Feeds the members into a hasher; their order does not count.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members { sum ^= member.hashValue }
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object whose members keep the written order; a repeated name keeps its last value.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements.map { Member(key: $0.0, value: $0.1) })
    }
}
