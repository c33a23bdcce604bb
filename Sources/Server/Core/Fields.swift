import Catalog
import Values

/// The members of a request body: known ones are read, near misses refused, others reported (contract §3.3).
struct Fields {
    private var object: JSONObject
    /// What was ignored, for the answer.
    let warnings: [JSON]

    init(_ object: JSONObject, known: [String]) throws(APIError) {
        self.object = object
        var warnings: [JSON] = []
        for member in object where !known.contains(member.key) {
            if let near = known.first(where: { Self.isNear(member.key, $0) }) {
                throw APIError(
                    .invalidField,
                    "There is no field \(member.key); did you mean \(near)?",
                    ["field": .string(member.key), "didYouMean": .string(near)]
                )
            }
            warnings.append([
                "code": "unknown_field", "field": .string(member.key),
                "message": .string("The field \(member.key) is not known here and was ignored."),
            ])
        }
        self.warnings = warnings
    }

    subscript(name: String) -> JSON? {
        get {
            guard let value = object[name], !value.isNull else { return nil }
            return value
        }
        set { object[name] = newValue }
    }

    func string(_ name: String, atMost limit: Int = 10_000) throws(APIError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw .field(name, "must be a text, not a \(value.kind)") }
        guard text.utf8.count <= limit else { throw .field(name, "must have at most \(limit) bytes") }
        return text
    }

    func bool(_ name: String) throws(APIError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.bool else { throw .field(name, "must be true or false, not a \(value.kind)") }
        return flag
    }

    func object(_ name: String) throws(APIError) -> JSONObject? {
        guard let value = self[name] else { return nil }
        guard let object = value.object else { throw .field(name, "must be an object, not a \(value.kind)") }
        return object
    }

    func integer(_ name: String, _ range: ClosedRange<Int64>) throws(APIError) -> Int64? {
        guard let value = self[name] else { return nil }
        guard let integer = value.integer, range.contains(integer) else {
            throw .field(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    func strings(_ name: String, atMost count: Int) throws(APIError) -> [String]? {
        guard let value = self[name] else { return nil }
        guard let list = value.array, list.allSatisfy({ $0.string != nil }) else {
            throw .field(name, "must be a list of texts")
        }
        guard list.count <= count else { throw .field(name, "must have at most \(count) entries") }
        return list.compactMap(\.string)
    }

    /// Equal but for letter case or `_` and `-`, or one typing error away.
    private static func isNear(_ name: String, _ known: String) -> Bool {
        func plain(_ text: String) -> String { text.lowercased().filter { $0 != "_" && $0 != "-" } }
        return plain(name) == plain(known) || (name.count > 3 && name.distance(to: known) == 1)
    }
}
