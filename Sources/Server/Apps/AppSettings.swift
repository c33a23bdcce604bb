import Storage
import Values

/// What a person says of an app.
struct AppSettings: Sendable {
    static let fields = ["slug", "name", "description", "inputs", "access", "limits"]
    private static let limitNames = ["runsPerMinute", "runsPerDay", "creditsPerRun", "creditsPerDay"]

    let slug: String
    let name: String
    let description: String
    /// The names of the inputs that are shown; `nil` shows all.
    let inputs: [String]?
    /// Whether everybody who knows the address may use the page.
    let isPublic: Bool
    let runsPerMinute: Int64
    let runsPerDay: Int64
    let creditsPerRun: Int64
    let creditsPerDay: Int64

    /// Reads the body of a request; what is not said stays as it is.
    ///
    /// - Throws: ``APIError`` naming the field that cannot be used.
    init(_ fields: Fields, former: AppSettings?, workflow: WorkflowRow) throws(APIError) {
        guard let slug = try fields.string("slug") ?? former?.slug else {
            throw APIError(.missingFields, "Missing required fields: slug", ["fields": ["slug"]])
        }
        guard Self.isSlug(slug) else {
            throw .field("slug", "must have 1 to 60 of a-z, 0-9 and -, and begin and end with a letter or a digit")
        }
        self.slug = slug
        name = try fields.string("name", atMost: 200) ?? former?.name ?? workflow.name
        description = try fields.string("description", atMost: 2000) ?? former?.description ?? workflow.description
        inputs = try fields.strings("inputs", atMost: 100) ?? former?.inputs
        switch try fields.string("access") {
        case "public": isPublic = true
        case "key": isPublic = false
        case nil: isPublic = former?.isPublic ?? false
        default: throw .field("access", "must be public or key")
        }
        let limits = try Fields(try fields.object("limits") ?? JSONObject(), known: Self.limitNames)
        runsPerMinute = try limits.integer("runsPerMinute", 1...600) ?? former?.runsPerMinute ?? 10
        runsPerDay = try limits.integer("runsPerDay", 0...1_000_000) ?? former?.runsPerDay ?? 200
        creditsPerRun = try limits.integer("creditsPerRun", 0...1_000_000) ?? former?.creditsPerRun ?? 100
        creditsPerDay = try limits.integer("creditsPerDay", 0...100_000_000) ?? former?.creditsPerDay ?? 1000
    }

    /// Reads what ``json`` gives.
    init(_ row: AppRow) {
        let limits = row.body["limits"]
        slug = row.slug
        name = row.body["name"]?.string ?? row.slug
        description = row.body["description"]?.string ?? ""
        inputs = row.body["inputs"]?.array?.compactMap(\.string)
        isPublic = row.body["access"] == "public"
        runsPerMinute = limits?["runsPerMinute"]?.integer ?? 10
        runsPerDay = limits?["runsPerDay"]?.integer ?? 200
        creditsPerRun = limits?["creditsPerRun"]?.integer ?? 100
        creditsPerDay = limits?["creditsPerDay"]?.integer ?? 1000
    }

    /// As it is stored.
    var json: JSON {
        var object: JSONObject = [
            "name": .string(name), "description": .string(description), "access": .string(isPublic ? "public" : "key"),
            "limits": limits,
        ]
        if let inputs { object["inputs"] = .array(inputs.map(JSON.string)) }
        return .object(object)
    }

    /// What strangers may have of it.
    var limits: JSON {
        [
            "runsPerMinute": .int(runsPerMinute), "runsPerDay": .int(runsPerDay),
            "creditsPerRun": .int(creditsPerRun), "creditsPerDay": .int(creditsPerDay),
        ]
    }

    /// Those of the inputs of a workflow that the app shows.
    func shown(_ all: [JSON]) -> [JSON] {
        guard let inputs else { return all }
        return inputs.compactMap { name in
            all.first { $0["name"]?.string == name } ?? all.first { $0["nodeId"]?.string == name }
        }
    }

    private static func isSlug(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...60).contains(bytes.count), bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-") else {
            return false
        }
        return bytes.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
        }
    }
}
