import Catalog
import TestSupport
import Testing
import Values
import Workflows

struct ExportTests {
    private static let catalog = try? Catalog(BuiltInCatalog.documents)
    private static let templates = catalog?.templates.map(\.id) ?? []
    private static let forms: [WorkflowDocument.Format] = [.millrace, .yaml]

    private func document(_ text: String, _ form: WorkflowDocument.Format) throws -> WorkflowDocument {
        try WorkflowDocument(parsing: Array(text.utf8), fileName: "export.\(form.fileExtension)")
    }

    @Test(arguments: templates, forms)
    func `an imported template is exported as it came`(id: String, form: WorkflowDocument.Format) throws {
        let catalog = try #require(Self.catalog)
        let template = try #require(catalog.template(id))
        let graph = try Graph(
            nodes: template.nodes,
            edges: template.edges,
            settings: WorkflowSettings(json: template.settings)
        )
        let workflow = WorkflowDocument(
            name: template.name,
            description: template.description,
            tags: template.tags,
            graph: graph
        )
        let first = workflow.placed(catalog: catalog).text(form)
        #expect(try document(first, form).placed(catalog: catalog).text(form) == first)
    }

    @Test(arguments: 0..<500)
    func `any imported workflow is exported as it came, in both forms`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let workflow = try WorkflowDocument.random(using: &random).placed(catalog: testCatalog)
        for form in Self.forms {
            let first = workflow.text(form)
            let second = try document(first, form)
            #expect(second.placed(catalog: testCatalog).text(form) == first)
            #expect(!second.isChanged)
            // Through the other form, too.
            for other in Self.forms { #expect(try document(second.text(other), other).text(form) == first) }
        }
    }

    @Test(arguments: 0..<20)
    func `the order of members does not show`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let workflow = try WorkflowDocument.random(using: &random)
        var shuffled = workflow
        shuffled.graph = try Graph(
            nodes: .array(workflow.graph.nodes.map { JSON.object($0.raw).shuffled(using: &random) }),
            edges: .array(workflow.graph.edges.map { JSON.object($0.raw).shuffled(using: &random) }),
            settings: WorkflowSettings(json: workflow.graph.settings.json.shuffled(using: &random))
        )
        for form in WorkflowDocument.Format.allCases { #expect(shuffled.text(form) == workflow.text(form)) }
    }

    @Test func `an export holds no run state, and nothing of an editor's session`() throws {
        let workflow = WorkflowDocument(
            name: "w",
            graph: try graph([
                [
                    "id": "a", "selected": true, "measured": ["width": 1, "height": 2],
                    "data": ["output": "secret", "isExecuting": true, "nodeType": "input:text"],
                ]
            ])
        )
        #expect(
            workflow.text(.yaml) == """
                millrace: 1
                kind: workflow
                name: w
                description: ""
                tags: []
                isActive: true
                settings: {}
                nodes:
                  - id: a
                    data:
                      nodeType: input:text
                edges: []

                """
        )
        for form in WorkflowDocument.Format.allCases { #expect(!workflow.text(form).contains("secret")) }
    }

    @Test func `the JSON form is sorted and says a check sum that tells of changes`() throws {
        let text = WorkflowDocument(name: "w", graph: try graph([node("a", "input:text")])).text(.millrace)
        #expect(text.hasPrefix("{\n  \"checksum\": \"sha256:"))
        let changed = text.replacing("input:text", with: "input:number")
        #expect(try document(changed, .millrace).isChanged)
        let change = JSONChange(["nodes", "0", "data", "nodeType"], .replace("input:number"))
        let mended = try WorkflowDocument.text(Array(text.utf8), fileName: "w.json", applying: [change])
        #expect(try !WorkflowDocument(parsing: mended, fileName: "w.json").isChanged)
    }
}

extension JSON {
    fileprivate func shuffled(using random: inout SplitMix64) -> JSON {
        switch self {
        case .array(let elements): .array(elements.map { $0.shuffled(using: &random) })
        case .object(let object):
            .object(
                JSONObject(
                    object.shuffled(using: &random).map {
                        JSONObject.Member(key: $0.key, value: $0.value.shuffled(using: &random))
                    }
                )
            )
        default: self
        }
    }
}
