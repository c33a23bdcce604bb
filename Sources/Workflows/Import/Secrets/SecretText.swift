/// Takes secrets out of a text that holds other things too: well-known keys, addresses and programs.
struct SecretText {
    private var bytes: [UInt8]
    /// The names of the secrets that are needed in their places.
    private(set) var found: [String] = []

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func clean() {
        guard bytes.count > 3 else { return }
        var ranges: [(Range<Int>, String)] = []
        var place = 0
        while place < bytes.count {
            if let (range, name) = key(at: place) ?? userInformation(at: place) ?? parameter(at: place)
                ?? assignment(at: place)
            {
                let whole = range.lowerBound..<wholeEnd(of: range)
                ranges.append((whole, name))
                place = max(whole.upperBound, place + 1)
            } else {
                place += 1
            }
        }
        guard !ranges.isEmpty else { return }
        var result: [UInt8] = []
        var last = 0
        for (range, name) in ranges {
            result += bytes[last..<range.lowerBound] + Array(SecretCleaner.mark.utf8)
            last = range.upperBound
            if !found.contains(name) { found.append(name) }
        }
        bytes = result + bytes[last...]
    }

    // MARK: Whole values

    /// Whether a text holds more than names of values, as templates, references and the word of a scheme are.
    static func hasLiteral(_ text: String) -> Bool {
        guard text.utf8.count <= 4096 else { return true }
        if ["secrets.", "vars.", "nodes."].contains(where: { text.hasPrefix($0) }) { return false }
        var rest = ""
        var inner = ""
        var left = text.hasPrefix("=") ? text.dropFirst() : text[...]
        while let start = left.firstRange(of: "{{") ?? left.firstRange(of: "${") {
            rest += left[..<start.lowerBound]
            let mark = left[start] == "{{" ? "}}" : "}"
            let end = left[start.upperBound...].firstRange(of: mark)
            inner += left[start.upperBound..<(end?.lowerBound ?? left.endIndex)]
            left = left[(end?.upperBound ?? left.endIndex)...]
        }
        rest += left
        let words = rest.split { !($0.isLetter || $0.isNumber) }.filter { !schemes.contains($0.lowercased()) }
        return !words.isEmpty || hasQuoted(Array(inner.utf8))
    }

    /// Whether a program holds a text that is no step of a path.
    private static func hasQuoted(_ program: [UInt8]) -> Bool {
        var place = 0
        while place < program.count {
            let quote = program[place]
            guard quote == 0x22 || quote == 0x27 || quote == 0x60 else {
                place += 1
                continue
            }
            let end = program[(place + 1)...].firstIndex(of: quote) ?? program.count
            let before = place == 0 ? 0x20 : program[place - 1]
            if end - place > 8, before != 0x5B, before != 0x28 { return true }
            place = end + 1
        }
        return false
    }

    private static let schemes: Set<String> = ["bearer", "basic", "token", "digest", "apikey", "key"]

    /// The name of a secret that looks like a well-known one.
    static func variable(of text: String) -> String? {
        let scan = SecretText(text)
        return scan.bytes.indices.lazy.compactMap { scan.wellKnown(at: $0)?.1 }.first
    }

    // MARK: Parts of a text

    /// A key that begins here.
    private func key(at place: Int) -> (Range<Int>, String)? {
        if let known = wellKnown(at: place) { return known }
        for scheme in ["bearer ", "basic "] where starts(with: scheme, at: place, ignoringCase: true) {
            let start = place + scheme.utf8.count
            let end = end(of: start) { Self.isWord($0) || [0x2B, 0x2E, 0x2F, 0x3D, 0x7E].contains($0) }
            let value = bytes[start..<end]
            guard value.count >= 8, value.count >= 20 || value.contains(where: { (0x30...0x39).contains($0) }) else {
                continue
            }
            return (start..<end, "AUTHORIZATION")
        }
        return nil
    }

    private func wellKnown(at place: Int) -> (Range<Int>, String)? {
        guard place < bytes.count, Self.beginnings.contains(bytes[place]),
            place == 0 || !Self.isLetter(bytes[place - 1])
        else { return nil }
        for (prefix, least, name) in Self.keys where starts(with: prefix, at: place) {
            let isWhole = prefix.hasPrefix("-----")
            let isDotted = prefix == "eyJ" || prefix == "SG."
            if isDotted, place > 0, Self.isWord(bytes[place - 1]) { continue }
            var end = end(of: place) { Self.isWord($0) || isDotted && $0 == 0x2E }
            if isWhole { end = bytes.count }
            guard end - place >= least else { continue }
            if isDotted, bytes[place..<end].count(where: { $0 == 0x2E }) < (prefix == "eyJ" ? 1 : 2) { continue }
            return (place..<end, name)
        }
        return nil
    }

    /// The name and password before the host of an address.
    private func userInformation(at place: Int) -> (Range<Int>, String)? {
        guard starts(with: "://", at: place) else { return nil }
        let start = place + 3
        let end = end(of: start) { $0 > 0x20 && ![0x2F, 0x3F, 0x23, 0x22, 0x27, 0x60, 0x3C, 0x3E].contains($0) }
        guard let at = bytes[start..<end].lastIndex(of: 0x40), at > start else { return nil }
        let value = String(decoding: bytes[start..<at], as: UTF8.self)
        return value != SecretCleaner.mark && Self.hasLiteral(value) ? (start..<at, "URL_PASSWORD") : nil
    }

    /// The value of a query parameter whose name begins here.
    private func parameter(at place: Int) -> (Range<Int>, String)? {
        let before = place == 0 ? 0 : bytes[place - 1]
        guard before == 0x3F || before == 0x26 else { return nil }
        let nameEnd = end(of: place) { Self.isWord($0) || [0x25, 0x2E, 0x5B, 0x5D].contains($0) }
        guard nameEnd > place, nameEnd < bytes.count, bytes[nameEnd] == 0x3D else { return nil }
        let name = String(decoding: bytes[place..<nameEnd], as: UTF8.self)
        guard SecretNames.isSecretInQuery(name) else { return nil }
        let start = nameEnd + 1
        let end = end(of: start) { $0 > 0x20 && ![0x26, 0x23, 0x22, 0x27, 0x60, 0x3C, 0x3E].contains($0) }
        let value = String(decoding: bytes[start..<end], as: UTF8.self)
        guard !value.hasPrefix("{{"), !value.hasPrefix("${"), value != SecretCleaner.mark, Self.hasLiteral(value) else {
            return nil
        }
        return (start..<end, SecretNames.variable(name))
    }

    /// The text that a program or a template of JSON gives a name that begins here.
    private func assignment(at place: Int) -> (Range<Int>, String)? {
        guard Self.isLetter(bytes[place]), place == 0 || !Self.isWord(bytes[place - 1]) else { return nil }
        let nameEnd = end(of: place) { Self.isWord($0) }
        var next = nameEnd
        func skip(_ allowed: [UInt8]) { while next < bytes.count, allowed.contains(bytes[next]) { next += 1 } }
        skip([0x5C, 0x22, 0x27])
        skip([0x20])
        guard next < bytes.count, bytes[next] == 0x3A || bytes[next] == 0x3D else { return nil }
        next += 1
        skip([0x20])
        skip([0x5C])
        guard next < bytes.count, [0x22, 0x27, 0x60].contains(bytes[next]) else { return nil }
        let quote = bytes[next]
        let start = next + 1
        var end = end(of: start) { $0 != quote && $0 != 0x0A }
        guard end < bytes.count, bytes[end] == quote || end == start + Self.window else { return nil }
        if end > start, bytes[end - 1] == 0x5C { end -= 1 }
        let name = String(decoding: bytes[place..<nameEnd], as: UTF8.self)
        guard SecretNames.isSecret(name) else { return nil }
        let value = String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
        guard value != SecretCleaner.mark, Self.hasLiteral(value) else { return nil }
        return (start..<end, SecretNames.variable(name))
    }

    // MARK: Bytes

    private func starts(with text: String, at place: Int, ignoringCase: Bool = false) -> Bool {
        var place = place
        for wanted in text.utf8 {
            guard place < bytes.count, bytes[place] == wanted || ignoringCase && bytes[place] | 0x20 == wanted else {
                return false
            }
            place += 1
        }
        return true
    }

    /// How far is looked from one place, so that the time is linear in the text.
    private static let window = 512

    private func end(of start: Int, while isPart: (UInt8) -> Bool) -> Int {
        let limit = min(start + Self.window, bytes.count)
        return bytes[start..<limit].firstIndex { !isPart($0) } ?? limit
    }

    /// The end of a secret that may be longer than what was looked at.
    private func wholeEnd(of range: Range<Int>) -> Int {
        guard range.count >= Self.window else { return range.upperBound }
        return bytes[range.upperBound...].firstIndex { $0 <= 0x20 || [0x22, 0x26, 0x27, 0x60].contains($0) }
            ?? bytes.count
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isWord(_ byte: UInt8) -> Bool { isLetter(byte) || byte == 0x2D || byte == 0x5F }

    private static let beginnings = Set(keys.compactMap(\.prefix.utf8.first))

    /// How keys of well-known services begin, how long they are at least, and what they are called here.
    private static let keys: [(prefix: String, least: Int, name: String)] = [
        ("sk-ant-", 12, "ANTHROPIC_API_KEY"), ("sk-or-", 12, "OPENROUTER_API_KEY"), ("sk-", 11, "OPENAI_API_KEY"),
        ("sk_live_", 16, "STRIPE_API_KEY"), ("sk_test_", 16, "STRIPE_API_KEY"), ("rk_live_", 16, "STRIPE_API_KEY"),
        ("whsec_", 16, "WEBHOOK_SECRET"), ("ghp_", 12, "GITHUB_TOKEN"), ("gho_", 12, "GITHUB_TOKEN"),
        ("ghu_", 12, "GITHUB_TOKEN"), ("ghs_", 12, "GITHUB_TOKEN"), ("ghr_", 12, "GITHUB_TOKEN"),
        ("github_pat_", 16, "GITHUB_TOKEN"), ("glpat-", 12, "GITLAB_TOKEN"), ("xoxb-", 10, "SLACK_TOKEN"),
        ("xoxp-", 10, "SLACK_TOKEN"), ("xoxa-", 10, "SLACK_TOKEN"), ("xoxr-", 10, "SLACK_TOKEN"),
        ("xoxs-", 10, "SLACK_TOKEN"), ("xapp-", 10, "SLACK_TOKEN"), ("AKIA", 16, "AWS_ACCESS_KEY_ID"),
        ("ASIA", 16, "AWS_ACCESS_KEY_ID"), ("AIza", 20, "GOOGLE_API_KEY"), ("hf_", 16, "HUGGINGFACE_TOKEN"),
        ("r8_", 16, "REPLICATE_API_TOKEN"), ("gsk_", 16, "GROQ_API_KEY"), ("SG.", 20, "SENDGRID_API_KEY"),
        ("eyJ", 20, "JWT"), ("-----BEGIN PRIVATE KEY", 22, "PRIVATE_KEY"),
        ("-----BEGIN RSA PRIVATE KEY", 22, "PRIVATE_KEY"), ("-----BEGIN EC PRIVATE KEY", 22, "PRIVATE_KEY"),
        ("-----BEGIN OPENSSH PRIVATE KEY", 22, "PRIVATE_KEY"),
    ]
}
