public import Values

extension JSON {
    /// Any JSON value: often small, sometimes with what text forms stumble over.
    public static func random(depth: Int = 4, using random: inout SplitMix64) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 13 : 8), using: &random) {
        case 0: .null
        case 1: .bool(random.chance(0.5))
        case 2: .int(random.pick([0, 1, -1, 42, 9_007_199_254_740_993, .max, .min]))
        case 3: .double(random.pick([0.5, -0.25, 1e300, 1.5e-9, 3, 1e21, -0.0, .leastNonzeroMagnitude]))
        case 4: random.pick([.uint(.max), .digits("123456789012345678901234567890")])
        case 5...7: .string(text(using: &random))
        case 8, 9:
            .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in self.random(depth: depth - 1, using: &random) }
            )
        default: .object(object(depth: depth, using: &random))
        }
    }

    /// An object with a few members of any kind.
    public static func object(depth: Int = 4, using random: inout SplitMix64) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            object[text(using: &random)] = self.random(depth: depth - 1, using: &random)
        }
        return object
    }

    /// Any text.
    public static func text(using random: inout SplitMix64) -> String {
        if random.chance(0.4) { return random.pick(["a", "name", "config", "nodes", "x y", "größe", "prompt", "k2"]) }
        if random.chance(0.5) { return random.pick(awkwardTexts) }
        let pieces = [
            "a", "no", " ", "\n", ":", "#", "- ", "'", "\"", "\\", "{", "]", ",", "\t", "é", "漢", "👩‍🚀", "1", ".", "\r",
            "%",
        ]
        return (0..<Int.random(in: 1...8, using: &random)).map { _ in random.pick(pieces) }.joined()
    }

    /// Texts that a careless writer of YAML or JSON would spoil.
    public static let awkwardTexts: [String] = [
        "", " ", "~", "null", "Null", "true", "FALSE", "no", "Yes", "on", "y", "N", "1", "-1", "+1", "1e3", "1E3",
        "0x1F",
        "0o17", "017", "1_000", ".5", ".inf", "-.INF", ".nan", "12:30", "1:30:00", "2026-11-21", "2026-11-21T12:00:00Z",
        "=", "<<", "!", "!tag x", "&anchor", "*alias", "- item", "-", "--- x", "---", "...", "? key", ": value", "a: b",
        "a:", "a :b", "a #b", "# comment", "a#b", "[1]", "{a: 1}", "a, b", "a]", "'single'", "\"double\"", "it's", "|",
        ">", "%YAML 1.2", "@at", "`tick`", " leading", "trailing ", "  both  ", "\ttab", "tab\t", "a\tb", "\n", "\n\n",
        "a\n", "a\n\n", "\na", "a\nb", "a\n\nb\n", "a\n b\n  c", " a\nb", "a \nb", "a\nb ", "a\n \nb", "a\n# b\nc\n",
        "a\n---\nb", "a\n...\n", "a\r\nb", "a\rb", "\u{0}", "\u{7}bell", "\u{1B}[0m", "\u{7F}", "\u{85}next",
        "\u{2028}",
        "\u{2029}x", "\u{FEFF}mark", "a\u{FEFF}", "\u{E000}", "\u{FFFD}", "\u{FFFE}", "\u{1F600}", "e\u{301}",
        "\u{200B}", "\u{202E}rtl", "null\n", "key: |\n  text\n", "{{nodes[\"a\"].text}}", "{{a.b}} and \\ more",
        String(repeating: "long ", count: 400), String(repeating: "x", count: 3000),
        String(repeating: "l\n", count: 300),
    ]
}
