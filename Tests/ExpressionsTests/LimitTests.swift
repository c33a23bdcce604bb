import Expressions
import Foundation
import Testing
import Values

struct LimitTests {
    private static let long = String(repeating: "a", count: 200_000)

    private func reason(_ text: String, _ limits: Environment.Limits = Environment.Limits()) -> ExpressionError.Reason?
    {
        let scope: NamedValues = [
            "s": .string(Self.long), "n": CELValue(.array((0..<1000).map { .int($0) })),
            "m": .list((0..<1000).map { .list([.int($0)]) }),
        ]
        do {
            let environment = Environment(roots: .only(["s", "n", "m"]), limits: limits)
            _ = try Expression(parsing: text, in: environment).evaluate(in: scope)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test(arguments: [
        "n.map(x, n.map(y, x))", "n.all(x, n.all(y, x >= 0.0))", "n.all(x, n.exists(y, y > x))",
        "cel.bind(a, s + s, cel.bind(b, a + a, cel.bind(c, b + b, c + c)))", "s.replace('', s)", "s.split('')",
        "s.replace('a', '0123456789')", "n.map(x, s + 'b')", "n.filter(x, s.contains('b'))",
        "m == m && m == m + m || m.all(x, x in m)",
        "n.map(x, string(x)).join(s)", "n.map(x, s.size())", "n.map(x, s == s)", "n.map(x, bytes(s))",
        "n.map(x, base64.encode(bytes(s)))", "n.map(x, json(n))", "n.map(x, '%s'.format([n]))", "n.map(x, n + n)",
        "'%s'.format([n.map(x, s)])", "n.map(x, s.matches('a+b'))", "n.map(x, regex.extract(s, '(b)'))",
        "n.map(x, s.lowerAscii())", "n.map(x, s.trim())", "n.map(x, s.indexOf('b'))", "n.map(x, math.greatest(n))",
        "n.map(x, sum(n))", "n.transformMap(k, v, n + [v])", "n.map(x, s < s)",
        "n.map(x, optional.unwrap(n.map(y, optional.of(y))))",
        "n.exists(x, n.exists(y, 1 / 0 > 1))", "default(n.map(x, n.map(y, y)), 1)",
        "n.map(x, n.map(y, y)).size() > 0 || true",
        "cel.bind(a, n.map(x, n), cel.bind(b, a.map(x, a), json(b)))", "cel.bind(a, n.map(x, n), a == n.map(x, n))",
    ])
    func `bounds the work`(text: String) {
        let clock = ContinuousClock()
        let time = clock.measure { #expect(reason(text) == .limit(.cost(100_000))) }
        #expect(time < .seconds(60))
    }

    @Test func `bounds the size of a result`() {
        #expect(reason("[s, s, s, s, s]") == nil)
        #expect(reason("[s, s, s, s, s, s]") == .limit(.resultBytes(1 << 20)))
        #expect(
            reason("cel.bind(a, [n, n, n, n], cel.bind(b, [a, a, a, a], [b, b, b, b, b, b, b, b, b, b, b, b, b, b]))")
                == .limit(.resultBytes(1 << 20))
        )
        #expect(reason("optional.of({'a': [s, s, s, s, s, s]})") == .limit(.resultBytes(1 << 20)))
        #expect(reason("s", Environment.Limits(resultBytes: 100_000)) == .limit(.resultBytes(100_000)))
    }

    @Test func `bounds the text`() {
        #expect(reason("1 //" + Self.long) == .limit(.textBytes(64 << 10)))
        #expect(reason("1 + 12345", Environment.Limits(textBytes: 8)) == .limit(.textBytes(8)))
        #expect(reason("1 + 1234", Environment.Limits(textBytes: 8)) == nil)
    }

    @Test func `bounds nested macros`() {
        let four = "[1].all(a, [1].all(b, [1].all(c, [1].all(d, D))))"
        #expect(reason(four.replacing("D", with: "d == 1")) == nil)
        #expect(reason(four.replacing("D", with: "[1].all(e, e == 1)")) == .limit(.nestedMacros(4)))
        #expect(reason("[1].map(a, a).map(b, b).map(c, c).map(d, d).map(e, e).map(f, f)") == nil)
    }

    @Test(arguments: [
        ("(", "1", ")"), ("[", "1", "]"), ("{1: ", "1", "}"), ("string(", "1", ")"), ("cel.bind(x, 1, ", "1", ")"),
        ("n[", "0", "]"), ("optional.of(1).optMap(x, ", "1", ")"), ("true ? (", "1", ") : 2"),
        ("default(", "1", ", 2)"),
    ])
    func `bounds the nesting`(open: String, middle: String, close: String) {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + middle + String(repeating: close, count: depth)
        }
        let deep = reason(nested(32))
        #expect(deep != .limit(.depth(32)), "32 levels must be allowed")
        #expect(reason(nested(33)) == .limit(.depth(32)))
        #expect(reason(nested(2000)) == .limit(.depth(32)))
        #expect(reason(String(repeating: open, count: 2000)) == .limit(.depth(32)))
    }

    @Test func `takes long rows without nesting`() {
        for (text, joined) in [("1", " + "), ("2", " * 1 - "), ("true", " && "), ("false", " || "), ("1", " == ")] {
            let row = Array(repeating: text, count: 3000).joined(separator: joined)
            #expect(reason(row, Environment.Limits(textBytes: 1 << 20)) != .limit(.depth(32)), "\(joined)")
        }
        #expect(reason(String(repeating: "false ? 1 : ", count: 3000) + "2") == nil)
        #expect(reason(String(repeating: "!", count: 5001) + "false") == nil)
        #expect(reason(String(repeating: "-", count: 5000) + "1") == nil)
        #expect(reason("{}" + String(repeating: ".?a", count: 3000)) == nil)
        #expect(reason("'a'" + String(repeating: ".trim()", count: 290)) == nil)
        #expect(reason("'a'" + String(repeating: ".trim()", count: 3000)) == .limit(.depth(32)))
    }

    @Test func `reads long texts in little time`() throws {
        let names = (0..<9000).map { "v\($0)" }
        let texts = [
            names.joined(separator: "+"), names.joined(separator: "."), "[\(names.joined(separator: ","))]",
            "{\(names.map { "'\($0)':1" }.joined(separator: ","))}", String(repeating: "a(", count: 30_000),
            "x" + String(repeating: ".f()", count: 15_000), String(repeating: "1?2:", count: 15_000) + "3",
            names.map { "has(x.\($0))" }.joined(separator: "&&"), "'" + String(repeating: "\\n", count: 30_000) + "'",
            String(repeating: "!-", count: 30_000) + "1", "a" + String(repeating: "[", count: 30_000),
        ]
        let clock = ContinuousClock()
        let time = clock.measure {
            for text in texts {
                for defers in [false, true] {
                    let environment = Environment(container: "a.b.c", defersNames: defers)
                    _ = (try? Expression(parsing: text, in: environment))?.text(renaming: "v1", to: "w")
                }
                _ = try? TextTemplate(parsing: names.map { "{{\($0)}}" }.joined(), in: Environment())
            }
        }
        #expect(time < .seconds(60))
    }

    @Test(arguments: [
        "(a*)*b", "(a|a)*b", "(a|aa)+$", "(.*)(.*)(.*)(.*)(.*)x", "(a?){50}a{50}b", "((a+)+)+c", "(?i)(A*)*B", "[^b]*b",
        "(a{1,30}){1,30}b", "\\w*\\w*\\w*\\d",
    ])
    func `matches hostile patterns in linear time`(pattern: String) {
        let clock = ContinuousClock()
        let time = clock.measure {
            for text in [
                "s.matches('\(pattern.replacing("\\", with: "\\\\"))')", "s.substring(0, 3000).matches(r'\(pattern)')",
            ] {
                let reason = reason(text, Environment.Limits(cost: 20_000))
                #expect(reason == nil || reason == .limit(.cost(20_000)), "\(reason as Any)")
            }
        }
        #expect(time < .seconds(60))
    }

    @Test(arguments: [
        "((a{1000}){1000}){1000}", "((){1000}){1000}", "(((){1000}){1000}){1000}", "(a|b){1000}{2}",
        "[a-z]{1000}{1000}",
    ])
    func `refuses patterns that are too large`(pattern: String) {
        guard case .invalidValue = reason("s.matches('\(pattern)')") else {
            Issue.record("\(pattern) is accepted.")
            return
        }
    }

    @Test func `refuses groups that nest too deep`() {
        guard case .invalidValue = reason("s.matches('\(String(repeating: "(", count: 30_000))')") else {
            Issue.record("The groups are accepted.")
            return
        }
    }

    @Test func `needs little stack`() async {
        let inner = (0..<32).reduce("s.trim()") { inner, _ in
            "[true ? (1 + 2 * -size('a' + \(inner) + 'b')) : 3 > 2 ? 1 : 0][0]"
        }
        let texts = [
            inner, "'a'" + String(repeating: ".trim()", count: 290), (0..<32).reduce("1") { inner, _ in "(\(inner))" },
            (0..<31).reduce("1") { inner, _ in "cel.bind(x, {'a': [\(inner)]}, x)" },
            String(repeating: "(", count: 60_000),
            (0..<16).reduce("1") { inner, _ in "[[1].map(x, \(inner))]" },
        ]
        await withCheckedContinuation { continuation in
            let thread = Thread {
                for text in texts { _ = reason(text) }
                continuation.resume()
            }
            #if DEBUG
            thread.stackSize = 4 << 20
            #else
            thread.stackSize = 512 << 10
            #endif
            thread.start()
        }
    }
}
