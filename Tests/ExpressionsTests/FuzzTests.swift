import Expressions
import Foundation
import Testing
import Values

/// Throws damaged expressions, templates and patterns at the readers and the evaluator: nothing may crash or hang.
///
/// `MILLRACE_FUZZ_ROUNDS=1000000 MILLRACE_FUZZ_SEED=7 swift test --filter FuzzTests` fuzzes longer and elsewhere.
struct FuzzTests {
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
    }

    private static let variables = ProcessInfo.processInfo.environment
    private static let rounds = variables["MILLRACE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 20_000
    private static let seed = variables["MILLRACE_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

    private static let expressions = [
        "inputs.score >= 0.8 && inputs.label == \"ok\" || !has(inputs.none)", "nodes[\"hero\"].images[0].url + 'x'",
        "[1, 2u, 3.5, 'a', b'\\xff', null, true].map(x, type(x) == int, [x, x]).size() % 7",
        "a.?b[?\"k\"].orValue({?'k': c.?d})",
        "cel.bind(p, vars.price[params.model], ((tokens(s) + 1.0) * p.input) / 1000000.0)",
        "{'a': [1, 2], 'b': {1: 2}}.transformMap(k, v, k + 'x')",
        "[0, 1].exists_one(i, v, v / i == 1) ? 'yes' : s.matches('^(a|b)*[^c-e]{1,3}\\\\d+$') ? r'''no''' : \"\"\"x\"\"\"",
        "default(regex.extract(s, 'in ~([0-9]+)s'), optional.none()).optMap(v, double(v) / 1000.0)",
        "-9223372036854775808 - 0x7Fu.abs()",
        "'%s %.3f %x'.format([s, 2.5, 255]) + timestamp('2024-02-29T23:45:06Z').getHours('Asia/Tokyo') + duration('1h2m3.5s')",
        "math.greatest(1, 2.0, 3u) in [1, 2] == false != true",
        "optional.of(s).or(optional.none()).hasValue() && json(parseJson('{\"k\": [1]}').k) == '[1]'",
    ]
    private static let templates = [
        "Hello {{inputs.name}}, {{ {'a': {'b': 1}} }} {{ \"{{\" }} {{x | default:\"y\" | upper}}",
        "/v1/${vars.a}/${'${'}${keep.id}x${has(s.t) ? 'a' : 'b'}",
    ]
    private static let fragments = [
        "(", ")", "[", "]", "{", "}", "?", ":", ".", ".?", "[?", ",", "'", "\"", "\\", "`", "&&", "||", "|", "!", "-",
        "+", "==", "in", "//", "\n",
        "1", "0x", "u", "e9", ".5", "9223372036854775808", "{{", "}}", "${", "😀", "\u{301}", "\0", ".map(x, ", ".all(",
        "has(", "cel.bind(", "default(",
        "optional.of(", ".matches('(", "*", "{1000}", "null", "true", "inputs", "nodes", "b'", "r\"", "'''", "size(",
        "%", ".format([", "timestamp(",
    ]

    private static func damage(_ text: String, _ random: inout SplitMix) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, place + Int.random(in: 0...8, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.removeSubrange(place..<end)
            case 1: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 2 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 3:
                bytes.replaceSubrange(
                    place..<end,
                    with: (expressions.randomElement(using: &random) ?? "").utf8.prefix(20)
                )
            default: bytes.insert(contentsOf: (fragments.randomElement(using: &random) ?? "").utf8, at: place)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let scope: NamedValues = [
        "inputs": CELValue(["score": 0.9, "label": "ok", "name": "Ada", "list": [1, "a", nil]]), "s": "aab12 in ~3s ä😀",
        "nodes": CELValue(["hero": ["images": [["url": "u"]]]]), "vars": CELValue(["price": ["m": ["input": 2]]]),
        "params": CELValue(["model": "m"]), "a": CELValue(["b": ["k": nil]]), "c": .map([:]),
        "x": .host(Secret(name: "x")),
    ]

    /// What must hold of a failure: its place lies in the text, and it can be told.
    private static func check(_ error: ExpressionError, of text: String) {
        #expect(error.range.upperBound <= text.utf8.count && error.line >= 1 && error.column >= 1)
        #expect(!error.message.isEmpty && error.excerpt.contains("^"))
    }

    @Test(arguments: 0..<4)
    func `survives damaged expressions`(part: Int) {
        var random = SplitMix(state: Self.seed &* 4 &+ UInt64(part))
        let context = EvaluationContext(now: Instant(microseconds: 0)) { (_, _) throws(HostCallError) in "host" }
        let environments = [
            Environment(limits: Environment.Limits(cost: 20_000)),
            Environment(promotesNumbers: false, defersNames: true),
            Environment.workflow(shorthands: ["hero", "a", "s"]),
            Environment.manifest(roots: ["inputs", "vars", "params", "s", "a", "c", "x"]),
        ]
        var readable = 0
        for round in 0..<Self.rounds / 4 {
            let text = Self.damage(Self.expressions[round % Self.expressions.count], &random)
            do {
                let expression = try Expression(parsing: text, in: environments[round % 4])
                readable += 1
                let renamed = expression.text(renaming: "hero", to: "le \"ad")
                #expect(expression.references.isEmpty || !renamed.isEmpty)
                let value = try expression.evaluate(in: Self.scope, with: context)
                _ = try? value.json()
            } catch {
                Self.check(error, of: text)
            }
        }
        #expect(readable > 0)
    }

    @Test func `survives damaged templates`() {
        var random = SplitMix(state: Self.seed)
        let environment = Environment(limits: Environment.Limits(cost: 20_000))
        for round in 0..<Self.rounds / 4 {
            let text = Self.damage(Self.templates[round % 2], &random)
            do {
                let template = try TextTemplate(parsing: text, in: environment)
                _ = try? template.render(in: Self.scope)
                if let rewritten = template.rewritten { _ = try TextTemplate(parsing: rewritten, in: environment) }
                _ = try URLTemplate(parsing: text, plain: ["keep.id"], in: environment).render(in: Self.scope)
                _ = try JSONTemplate(["a": .string(text)], in: environment).render(in: Self.scope)
            } catch {
                Self.check(error, of: error.source)
            }
        }
    }

    @Test func `survives random time zone files`() throws {
        var random = SplitMix(state: Self.seed)
        for _ in 0..<Self.rounds / 10 {
            var file = Array("TZif2".utf8) + Array(repeating: 0, count: 15)
            for _ in 0..<Int.random(in: 0...200, using: &random) {
                file.append(UInt8.random(in: 0...4, using: &random))
            }
            _ = TimeZoneRules(file)?.offset(at: Int64.random(in: -1 << 40...1 << 40, using: &random))
        }
    }
}
