/// The macros: calls whose arguments are read with variables of their own.
enum Macro: String, CaseIterable {
    // On a list or map.
    case all, exists, filter, map, transformList, transformMap, transformMapEntry
    case existsOne
    case existsOneOld = "exists_one"
    // On an optional.
    case optMap, optFlatMap
    // Alone.
    case has
    case fallback = "default"
    case bind = "cel.bind"

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    static func named(_ name: String) -> Macro? { byName[name] }

    static func names(asMember: Bool) -> [String] { allCases.filter { $0.isMember == asMember }.map(\.rawValue) }

    var isMember: Bool {
        switch self {
        case .has, .fallback, .bind: false
        default: true
        }
    }

    /// What the arguments are, for messages.
    var usage: String {
        switch self {
        case .has: "has(x.name)"
        case .fallback: "default(x, y)"
        case .bind: "cel.bind(name, value, expression)"
        case .optMap, .optFlatMap: "x.\(rawValue)(name, expression)"
        case .map: "x.map(name, expression) or x.map(name, condition, expression)"
        case .all, .exists, .existsOne, .existsOneOld, .filter: "x.\(rawValue)(name, condition)"
        case .transformList, .transformMap, .transformMapEntry: "x.\(rawValue)(key, value, expression)"
        }
    }
}
