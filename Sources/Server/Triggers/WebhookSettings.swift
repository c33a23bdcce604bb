import HTTPValues
import Values

/// Who may call a webhook, how often, and at what cost (contract §7.9).
struct WebhookSettings: Equatable {
    /// The addresses that may call; empty for all.
    var ipAllow: [IPNetwork] = []
    /// The most calls of one address in a minute.
    var maxPerMinute: Int64 = 60
    /// Whether the answer waits for the end of the run.
    var isSync = false
    /// The methods that start the workflow.
    var methods: [HTTPMethod] = [.post]
    /// The most that a run may cost, in credits; `nil` for no cap.
    var maxCreditsPerRun: Int64? = 500
    /// The most that the runs of a day may cost together, in credits; `nil` for no cap.
    var maxCreditsPerDay: Int64? = 5000

    static let fields = [
        "enabled", "secret", "ipAllow", "maxPerMinute", "responseMode", "allowedMethods", "maxCreditsPerRun",
        "maxCreditsPerDay",
    ]
    /// The methods that may be allowed.
    private static let possible: [HTTPMethod] = [.post, .put]

    /// The defaults: a public address has caps unless somebody takes them away.
    init() {}

    /// Reads the fields of a request; what is left out has its default.
    ///
    /// - Throws: ``APIError`` naming the field that cannot be used.
    init(_ fields: Fields, _ object: JSONObject) throws(APIError) {
        var networks: [IPNetwork] = []
        for text in try fields.strings("ipAllow", atMost: 100) ?? [] {
            guard let network = IPNetwork(text) else {
                throw .field(
                    "ipAllow",
                    "must hold addresses or networks such as 203.0.113.0/24, not \(text.prefix(60))"
                )
            }
            networks.append(network)
        }
        ipAllow = networks
        maxPerMinute = try fields.integer("maxPerMinute", 1...100_000) ?? maxPerMinute
        switch try fields.string("responseMode") {
        case nil, "async": isSync = false
        case "sync": isSync = true
        default: throw .field("responseMode", "must be async or sync")
        }
        if let words = try fields.strings("allowedMethods", atMost: 10) {
            methods = Self.possible.filter { words.contains($0.rawValue) }
            guard !methods.isEmpty, methods.count == Set(words).count else {
                throw .field("allowedMethods", "must hold POST, PUT or both")
            }
        }
        // null takes a cap away; a field that is left out keeps the default.
        if object.contains("maxCreditsPerRun") {
            maxCreditsPerRun = try fields.integer("maxCreditsPerRun", 0...1_000_000_000)
        }
        if object.contains("maxCreditsPerDay") {
            maxCreditsPerDay = try fields.integer("maxCreditsPerDay", 0...1_000_000_000)
        }
        if let day = maxCreditsPerDay {
            guard let run = maxCreditsPerRun else {
                throw .field(
                    "maxCreditsPerDay",
                    "needs maxCreditsPerRun: what a run may cost is held of the day's money"
                )
            }
            guard run <= day else {
                throw .field("maxCreditsPerRun", "must not be above maxCreditsPerDay, which is \(day)")
            }
        }
    }

    /// Reads the stored form.
    init(record: JSON) {
        ipAllow = record["ipAllow"]?.array?.compactMap { $0.string.flatMap(IPNetwork.init) } ?? []
        maxPerMinute = record["maxPerMinute"]?.integer ?? maxPerMinute
        isSync = record["responseMode"]?.string == "sync"
        methods = record["allowedMethods"]?.array?.compactMap { $0.string.flatMap(HTTPMethod.init) } ?? methods
        maxCreditsPerRun = record["maxCreditsPerRun"]?.integer
        maxCreditsPerDay = record["maxCreditsPerDay"]?.integer
    }

    /// The stored form, which is also what is shown.
    var json: JSONObject {
        [
            "ipAllow": .array(ipAllow.map { .string($0.description) }), "maxPerMinute": .int(maxPerMinute),
            "responseMode": .string(isSync ? "sync" : "async"),
            "allowedMethods": .array(methods.map { .string($0.rawValue) }),
            "maxCreditsPerRun": maxCreditsPerRun.map(JSON.int) ?? .null,
            "maxCreditsPerDay": maxCreditsPerDay.map(JSON.int) ?? .null,
        ]
    }
}

extension JSONObject {
    /// Whether there is a member of that name, even one that is null.
    fileprivate func contains(_ name: String) -> Bool { self[name] != nil }
}
