import Expressions
import Testing
import Values

/// Expressions as manifests use them, over made-up answers of vendors.
struct ManifestTests {
    private static let roots: Set<String> = [
        "inputs", "params", "vars", "request", "secrets", "keep", "http", "headers", "body", "chunk", "run", "webhook",
    ]

    private static let answer: JSON = [
        "error": nil, "code": 1303, "status": "failed", "detail": [["type": "content_policy_violation", "msg": "no"]],
        "choices": [["message": ["content": "hi"], "finish_reason": nil]], "output": ["https://a/1", "https://a/2"],
        "candidates": [
            ["content": ["parts": [["text": "a", "thought": true], ["text": "b"], ["data": 1], ["text": "c"]]]]
        ],
        "errors": ["first", "second"], "message": "Credit balance too low", "done": false,
        "usage": ["prompt_tokens": 1200, "completion_tokens": 300, "prompt_tokens_details": ["cached_tokens": 200]],
    ]

    private static let scope: NamedValues = [
        "body": CELValue(answer, nullsAreMissing: true),
        "headers": CELValue(["retry-after-ms": "1500", "content-type": "image/png", "seed": "42"]),
        "http": CELValue(["status": 429]),
        "run": CELValue(["startDeadlineMs": 90_500, "attemptKey": "00ff", "wantsStream": false]),
        "vars": CELValue([
            "endpoint": "fal-ai/kling/v2", "imageTokens": 3000, "waitSeconds": 5,
            "price": ["small": ["input": 750, "cached": 75, "output": 4500], "first": 30_000_000, "next": 15_000_000],
        ]),
        "params": CELValue(["model": "small", "max_tokens": 1024, "duration": 5, "scale_factor": 2]),
        "inputs": CELValue(["prompt": "a prompt of some length", "images": [["w": 1], ["w": 2]]]),
        "keep": CELValue(["usage": ["input_tokens": 250_000, "output_tokens": 10], "finish": "length"]),
        "webhook": .map([:]),
        "chunk": CELValue(["choices": [["delta": ["content": "to"]]]]),
    ]

    @Test(arguments: [
        ("body.?error.?type.orValue('') == 'insufficient_quota'", CELValue.bool(false)),
        ("body.?detail[?0].?type.orValue('') == 'content_policy_violation'", true),
        ("http.status in [408, 409] || http.status >= 500", false),
        ("body.?code.orValue(0) >= 1300 && body.code < 1400", true),
        ("body.?choices[?0].?finish_reason", .optional(nil)), ("body.choices[0].message.content", "hi"),
        ("headers[?'retry-after-ms'].optMap(v, double(v) / 1000.0)", .optional(1.5)),
        ("headers[?'retry-after']", .optional(nil)),
        ("http.status == 403 && json(body.?detail.orValue('')).lowerAscii().contains('balance')", false),
        ("body.?message.orValue('').lowerAscii().contains('credit balance')", true),
        ("body.?errors.optMap(e, e.join('; '))", .optional("first; second")),
        ("type(body.output) == list ? body.output[0] : body.output", "https://a/1"),
        (
            "body.candidates[0].content.parts.filter(p, !p.?thought.orValue(false)).map(p, p.?text.orValue('')).join('')",
            "bc"
        ),
        ("!body.?done.orValue(false) ? 'running' : has(body.error) ? 'failed' : 'succeeded'", "running"),
        ("regex.extract(body.?hint.orValue('resets in ~12s'), 'resets in ~([0-9]+)s')", .optional("12")),
        (
            "cel.bind(p, vars.endpoint.split('/'), 'https://q.example/' + p[0] + '/' + p[1] + '/requests/')",
            "https://q.example/fal-ai/kling/requests/"
        ),
        ("string(int(run.startDeadlineMs / 1000.0))", "90"),
        ("vars.?waitSeconds.optMap(s, 'wait=' + string(s))", .optional("wait=5")),
        ("headers[?'seed'].optMap(s, double(s))", .optional(42.0)),
        ("chunk.?usage.or(chunk.?message.?usage)", .optional(nil)),
        ("chunk.?choices[?0].?delta.?content", .optional("to")),
        ("keep.?finish.orValue('') in ['length', 'stop']", true),
        ("vars.price.first + vars.price.next * (math.ceil(sum(inputs.images.map(i, i.w))) + 3.0)", 120_000_000.0),
        (
            "cel.bind(p, vars.price[params.model], ((tokens(inputs.prompt) + tokens(inputs.?system.orValue(''))) * p.input + params.max_tokens * p.output) / 1000000.0)",
            4.6125
        ),
        (
            "cel.bind(p, vars.price[params.model], cel.bind(c, body.usage.?prompt_tokens_details.?cached_tokens.orValue(0.0), ((body.usage.prompt_tokens - c) * p.input + c * p.cached + body.usage.completion_tokens * p.output) / 1000000.0))",
            2.115
        ),
        (
            "cel.bind(u, keep.usage, cel.bind(long, u.input_tokens > 100000.0, cel.bind(i, long ? 2.0 : 1.0, u.input_tokens * i + u.?cached.orValue(0.0))))",
            500_000.0
        ),
        (
            "double(size(bytes(inputs.prompt)) + 256) + vars.imageTokens * double(size(inputs.?images.orValue([])))",
            6279.0
        ),
        ("has(webhook.url) ? optional.of(webhook.url) : optional.none()", .optional(nil)),
    ])
    func `evaluates what manifests say`(text: String, expected: CELValue) throws {
        let expression = try Expression(parsing: text, in: .manifest(roots: Self.roots))
        let value = try expression.evaluate(in: Self.scope)
        #expect(value == expected && value.type == expected.type)
    }

    @Test func `tells a missing key from other failures`() throws {
        func reason(_ text: String) -> ExpressionError.Reason? {
            do {
                _ = try Expression(parsing: text, in: .manifest(roots: Self.roots)).evaluate(in: Self.scope)
                return nil
            } catch {
                return error.reason
            }
        }
        #expect(reason("body.data.task_id") == .missingKey("data"))
        #expect(reason("body.error.type == 'x'") == .missingKey("error"))
        #expect(reason("request.x") == .missingKey("request"))
        #expect(reason("img.x") == .unknownName("img"))
        #expect(reason("body.status > 1") == .noOverload(">", types: ["string", "int"]))
    }

    @Test func `refuses a manifest's text beyond 4 KiB`() {
        let text = "'\(String(repeating: "a", count: 4096))'"
        let error = #expect(throws: ExpressionError.self) { try Expression(parsing: text, in: .manifest(roots: [])) }
        #expect(error?.reason == .limit(.textBytes(4096)))
    }
}
