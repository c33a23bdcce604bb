import Expressions
import Testing
import Values

struct URLTemplateTests {
    private func render(_ text: String, plain: [String] = [], _ roots: [String: JSON]) throws -> URLTemplate.Rendered {
        let names: Set<String> = ["vars", "keep", "params", "secrets"]
        let template = try URLTemplate(parsing: text, plain: plain, in: .manifest(roots: names))
        return try template.render(in: NamedValues(roots.map { ($0.key, CELValue($0.value)) }))
    }

    @Test(arguments: [
        ("/v1/models/${params.model}:run", "/v1/models/a%2Fb%20%C3%A4%3F:run"), ("/${vars.endpoint}", "/fal/flux/edit"),
        ("/v1/${vars.endpoint}/${keep.jobId}", "/v1/fal/flux/edit/j-1"), ("/n/${params.count}", "/n/4"),
        ("${has(vars.version) ? '/p' : '/models/' + vars.endpoint}", "/models/fal/flux/edit"),
        ("/v1/${vars.endpoint + params.model}", "/v1/fal%2Fflux%2Fedita%2Fb%20%C3%A4%3F"), ("/${'a/b'}", "/a/b"),
    ])
    func `writes values as segments of the path`(text: String, expected: String) throws {
        let roots: [String: JSON] = [
            "params": ["model": "a/b ä?", "count": 4], "vars": ["endpoint": "fal/flux/edit"], "keep": ["jobId": "j-1"],
        ]
        #expect(try render(text, roots) == .written(expected))
    }

    @Test func `takes a whole address from an answer`() throws {
        let keep: [String: JSON] = ["keep": ["statusUrl": "https://a.example/x?y=1"]]
        #expect(try render("${keep.statusUrl}", keep) == .answered("https://a.example/x?y=1"))
        #expect(try render("/v1/${keep.statusUrl}", keep) == .written("/v1/https%3A%2F%2Fa.example%2Fx%3Fy%3D1"))
    }

    @Test func `takes plain paths that lead nowhere else`() throws {
        let name: [String: JSON] = ["keep": ["jobId": "models/veo/operations/a_1"]]
        let text = "/v1beta/${ keep.jobId }"
        #expect(try render(text, plain: ["keep.jobId"], name) == .written("/v1beta/models/veo/operations/a_1"))
        for bad in ["a/../b", "..", "a b", "a?x=1", "", "a%2e"] {
            #expect(throws: ExpressionError.self) {
                try render(text, plain: ["keep.jobId"], ["keep": ["jobId": .string(bad)]])
            }
        }
    }

    @Test(arguments: ["", ".", ".."])
    func `refuses segments that would change the path`(segment: String) {
        #expect(throws: ExpressionError.self) { try render("/v1/${keep.jobId}", ["keep": ["jobId": .string(segment)]]) }
    }
}
