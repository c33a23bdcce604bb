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

    private func imported(_ text: String, _ form: WorkflowDocument.Format, _ catalog: Catalog) throws
        -> WorkflowDocument
    {
        let read = try WorkflowImport.read(ImportFile.value(Array(text.utf8)), catalog: catalog)
        return WorkflowDocument(
            name: read.name,
            description: read.description,
            tags: read.tags,
            isActive: read.isActive,
            graph: read.graph
        )
    }

    @Test(arguments: templates, WorkflowDocument.Format.allCases)
    func `importing an export and exporting it gives the same bytes`(id: String, form: WorkflowDocument.Format) throws {
        let catalog = try #require(Self.catalog)
        let template = try #require(catalog.template(id))
        // Without identifiers of edges, and with the node type where older files have it.
        let edges = (template.edges.array ?? []).enumerated().map { number, edge -> JSON in
            .object(JSONObject((edge.object ?? JSONObject()).filter { number % 2 == 0 || $0.key != "id" }))
        }
        let workflow = WorkflowDocument(
            name: String(repeating: "n", count: 1000),
            description: String(repeating: "d", count: 3000),
            tags: (0..<50).map { "\($0)" + String(repeating: "t", count: 200) },
            isActive: false,
            graph: try Graph(
                nodes: template.nodes,
                edges: .array(edges),
                settings: WorkflowSettings(json: template.settings)
            )
        )
        let first = workflow.placed(catalog: catalog).text(form)
        let second = try imported(first, form, catalog)
        #expect(second.text(form) == first)
        if form != .reactflow { #expect(!second.isActive) }
    }

    @Test(arguments: 0..<200)
    func `what an import made comes back as it is, in every form`(seed: UInt64) throws {
        let catalog = try #require(Self.catalog)
        var random = SplitMix64(seed: seed)
        let workflow = try WorkflowDocument.random(using: &random).placed(catalog: catalog)
        for form in WorkflowDocument.Format.allCases {
            guard let first = try? imported(workflow.text(form), form, catalog) else { continue }
            let text = first.text(form)
            #expect(try imported(text, form, catalog).text(form) == text)
        }
    }

    @Test func `edges without identifiers, types in their older place and ports of placeholders stay as they are`()
        throws
    {
        let workflow = WorkflowDocument(
            name: "w",
            isActive: false,
            graph: try Graph(
                nodes: [
                    [
                        "id": .string(String(repeating: "a", count: 128)), "type": "input:text",
                        "position": ["x": 0, "y": 0],
                    ],
                    [
                        "id": "b", "position": ["x": 9, "y": 0],
                        "data": [
                            "nodeType": "utility:placeholder",
                            "inputs": [["id": "in", "label": "In", "type": "ANY", "hint": "kept"]],
                            "outputs": [["id": "out", "type": "ANY", "branch": true]],
                        ],
                    ],
                ],
                edges: [
                    [
                        "source": .string(String(repeating: "a", count: 128)), "target": "b",
                        "sourceHandle": "out-text", "targetHandle": "in-in",
                    ]
                ],
                settings: WorkflowSettings()
            )
        )
        let catalog = try #require(Self.catalog)
        for form in WorkflowDocument.Format.allCases {
            let first = workflow.text(form)
            #expect(try imported(first, form, catalog).text(form) == first)
        }
    }

    @Test(arguments: [WorkflowDocument.Format.millrace, .yaml, .wireflow])
    func `what a workflow has no room for is cut with a warning`(form: WorkflowDocument.Format) throws {
        let workflow = WorkflowDocument(
            name: String(repeating: "é", count: 700),
            tags: (0..<60).map { "\($0)" },
            graph: try graph([node("a", "input:text")])
        )
        let read = try WorkflowImport.read(ImportFile.value(Array(workflow.text(form).utf8)), catalog: testCatalog)
        #expect(read.name == String(repeating: "é", count: 500))
        #expect(read.tags.count == 50)
        #expect(read.report.warnings.count { $0.code == .ignored } == 2)
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
