public import Expressions
public import Values

private import Crypto

/// What an offer costs, as formulas that give nano-dollars.
public struct PricePlan: Sendable {
    /// What is counted, for people.
    public let unit: String
    /// The day the prices are of.
    public let asOf: String?
    /// Where they were read.
    public let source: String?
    /// The figures in nano-dollars, the name `vars.price` of the formulas.
    public let table: JSON
    /// The hash that names these prices.
    public let hash: ContentHash?
    /// What an attempt will probably cost.
    public let estimate: Expression?
    /// The most an attempt can cost.
    public let upper: Expression?
    /// What an attempt has cost, from its answer.
    public let actual: Expression?
    /// The vendor's own figure, to compare bills with.
    public let vendorUnits: Expression?
    /// Whether nobody knows the most it can cost.
    public let isUnbounded: Bool
    /// The number of pixels that count as one megapixel.
    public let megapixel: Double

    static let members: Set<String> = [
        "unit", "asOf", "source", "table", "estimate", "upper", "actual", "vendorUnits", "megapixel", "unbounded",
    ]

    init(_ reader: ManifestReader, isComplete: Bool) throws(ManifestError) {
        try reader.allow(Self.members)
        unit = try reader.optionalString("unit") ?? ""
        asOf = try reader.optionalDate("asOf")
        source = try reader.optionalString("source")
        _ = try reader.optionalReader("table")
        table = try Self.converted(reader.value("table") ?? .object(JSONObject()), reader, "table")
        estimate = try reader.optionalExpression("estimate", ManifestScope.request)
        upper = try reader.optionalExpression("upper", ManifestScope.request)
        actual = try reader.optionalExpression("actual", ManifestScope.answer)
        vendorUnits = try reader.optionalExpression("vendorUnits", ManifestScope.answer)
        isUnbounded = try reader.bool("unbounded")
        megapixel = try reader.optionalNumber("megapixel", 1...1e9) ?? 1_000_000
        hash = ContentHash(bytes: SHA256.hash(JSON.object(reader.object).canonicalBytes))
        guard !isComplete || isUnbounded || upper != nil else {
            throw reader.error("upper", "is missing: say what an attempt can cost at most, or that it is unbounded")
        }
    }

    /// Decimal texts are dollars, integers are nano-dollars already.
    private static func converted(
        _ json: JSON,
        _ reader: ManifestReader,
        _ path: String
    ) throws(ManifestError) -> JSON {
        switch json {
        case .object(let object):
            var converted = JSONObject()
            for member in object {
                converted[member.key] = try Self.converted(member.value, reader, "\(path).\(member.key)")
            }
            return .object(converted)
        case .string(let text):
            guard let money = Money(dollars: text) else {
                throw reader.error(path, "must be a decimal number of dollars such as \"0.035\"")
            }
            return .int(money.nano)
        case .int(let nano) where nano >= 0: return json
        default: throw reader.error(path, "must be an object, a decimal text in dollars, or an integer in nano-dollars")
        }
    }
}
