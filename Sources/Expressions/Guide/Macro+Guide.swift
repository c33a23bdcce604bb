extension Macro {
    /// What it does.
    var guide: GuideEntry {
        switch self {
        case .all: GuideEntry("Whether a condition holds for every element or key.", "[1, 2].all(x, x > 0)", "true")
        case .exists: GuideEntry("Whether a condition holds for one at least.", "[1, 2].exists(x, x > 1)", "true")
        case .existsOne: GuideEntry("Whether a condition holds for exactly one.", "[1, 2].existsOne(x, x > 1)", "true")
        case .existsOneOld: GuideEntry("The same, by its older name.", "[1, 2].exists_one(x, x > 1)", "true")
        case .filter: GuideEntry("The elements for which a condition holds.", "[1, 2, 3].filter(x, x > 1)", "[2,3]")
        case .map:
            GuideEntry(
                "The value of an expression for each element; with three arguments only where a condition holds.",
                "[1, 2, 3].map(x, x > 1, x * 10)",
                "[20,30]"
            )
        case .transformList:
            GuideEntry(
                "As map, with the place or key as well.",
                "['a', 'b'].transformList(i, x, x + string(i))",
                "[\"a0\",\"b1\"]"
            )
        case .transformMap:
            GuideEntry("A map with the same keys and other values.", "{'a': 1}.transformMap(k, v, v + 1)", "{\"a\":2}")
        case .transformMapEntry:
            GuideEntry(
                "A map of other keys and values.",
                "{'a': 1}.transformMapEntry(k, v, {k + 'x': v})",
                "{\"ax\":1}"
            )
        case .optMap:
            GuideEntry(
                "The value of an expression for what an optional holds: an optional.",
                "{'a': 1}.?a.optMap(x, x + 1).orValue(0)",
                "2"
            )
        case .optFlatMap:
            GuideEntry(
                "The same, where the expression gives an optional itself.",
                "{'a': {'b': 1}}.?a.optFlatMap(x, x.?b).orValue(0)",
                "1"
            )
        case .has: GuideEntry("Whether a member is there.", "has({'a': 1}.b)", "false")
        case .fallback:
            GuideEntry(
                "A value, or another where a member or element on the way to it is missing.",
                "default({'a': 1}.b, 'none')",
                "\"none\""
            )
        case .bind: GuideEntry("A name for a value in an expression.", "cel.bind(x, 3, x * x)", "9")
        }
    }
}
