import Testing
import Values
import Workflows

/// Secrets planted in files of every form.
struct ImportSecretTests {
    /// A place of a node's settings in which a secret stands.
    struct Planted: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let settings: JSON
        /// What must not be seen anywhere.
        var secret = "pl4nted-Secret-Value"
        /// The name under which it is to be declared.
        let needed: String
    }

    private static func pair(_ list: String, _ name: String, _ value: String, _ needed: String) -> Planted {
        Planted(
            testDescription: "\(list) \(name)",
            settings: [list: ["parameters": [["name": .string(name), "value": .string(value)]]]],
            needed: needed
        )
    }

    private static func text(_ name: String, _ text: String, _ needed: String, _ secret: String? = nil) -> Planted {
        Planted(
            testDescription: "\(name) \(text)",
            settings: [name: .string(text)],
            secret: secret ?? "pl4nted-Secret-Value",
            needed: needed
        )
    }

    static let planted: [Planted] = [
        pair("headerParameters", "Authorization", "=Bearer pl4nted-Secret-Value", "AUTHORIZATION"),
        pair("headerParameters", "Authorization", "=Bearer pl4nted-Secret-Value {{ $json.a }}", "AUTHORIZATION"),
        pair("headerParameters", "Authorization", "={{ 'Bearer pl4nted-Secret-Value' }}", "AUTHORIZATION"),
        pair("headerParameters", "X-Auth-Token", "pl4nted-Secret-Value", "X_AUTH_TOKEN"),
        pair("headerParameters", "Cookie", "session=pl4nted-Secret-Value", "COOKIE"),
        pair("headerParameters", "x-goog-api-key", "pl4nted-Secret-Value", "X_GOOG_API_KEY"),
        pair("queryParameters", "key", "pl4nted-Secret-Value", "API_KEY"),
        pair("bodyParameters", "client_secret", "=pl4nted-Secret-Value", "CLIENT_SECRET"),
        text("url", "https://user:pl4nted-Secret-Value@example.com/a", "URL_PASSWORD"),
        text("url", "=postgres://user:pl4nted-Secret-Value@{{ $json.host }}/a", "URL_PASSWORD"),
        text("url", "https://example.com/a?x=1&api_key=pl4nted-Secret-Value#y", "API_KEY"),
        text("url", "=https://example.com/{{ $json.id }}?key=pl4nted-Secret-Value", "API_KEY"),
        text("jsonBody", #"{"a": {"apiKey": "pl4nted-Secret-Value"}}"#, "APIKEY"),
        text("jsonBody", #"={"password": "pl4nted-Secret-Value", "a": {{ $json.a }} }"#, "PASSWORD"),
        text("jsonHeaders", #"{"X-Auth-Token": "pl4nted-Secret-Value"}"#, "X_AUTH_TOKEN"),
        text("jsCode", #"const headers = { 'X-Api-Key': 'pl4nted-Secret-Value' };"#, "X_API_KEY"),
        text("notes", "use sk-ant-api03-abcdefgh1234", "ANTHROPIC_API_KEY", "abcdefgh1234"),
        text("notes", "sk-proj-abcdefgh1234", "OPENAI_API_KEY", "abcdefgh1234"),
        text("notes", "curl -H 'Authorization: Bearer abcdefgh1234'", "AUTHORIZATION", "abcdefgh1234"),
        text("notes", "ghp_abcdefghijklmnop1234", "GITHUB_TOKEN", "ijklmnop1234"),
        text("notes", "xoxb-1234-abcdefghijkl", "SLACK_TOKEN", "abcdefghijkl"),
        text("notes", "AKIAIOSFODNN7EXAMPLE", "AWS_ACCESS_KEY_ID", "IOSFODNN7"),
        text("notes", "AIzaSyA1234567890abcdefghijklmnopqrstu", "GOOGLE_API_KEY", "1234567890abcdef"),
        text("notes", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "JWT", "eyJzdWIiOiIxIn0"),
        Planted(testDescription: "a list", settings: ["token": ["pl4nted-Secret-Value"]], needed: "TOKEN"),
        Planted(testDescription: "a number", settings: ["password": 8_675_309], secret: "8675309", needed: "PASSWORD"),
        Planted(
            testDescription: "a field of a form",
            settings: ["apiKey": ["value": "pl4nted-Secret-Value"]],
            needed: "APIKEY"
        ),
    ]

    private func check(_ source: JSON, _ planted: Planted, node: String?) throws {
        #expect(source.text.contains(planted.secret))
        for catalog in [importCatalog, fullImportCatalog] {
            let read = try WorkflowImport.read(source, catalog: catalog)
            #expect(!read.document.text.contains(planted.secret), "\(read.document.text)")
            #expect(!read.report.json.text.contains(planted.secret))
            let document = WorkflowDocument(name: read.name, graph: read.graph)
            for form in WorkflowDocument.Format.allCases {
                #expect(!document.text(form).contains(planted.secret))
            }
            let warning = try #require(read.report.warnings.first { $0.code == .secretRemoved })
            #expect(warning.node == node)
            #expect(warning.hint.contains(planted.needed), "\(warning.hint)")
            #expect(read.report.secretsNeeded.contains(planted.needed), "\(read.report.secretsNeeded)")
        }
    }

    @Test(arguments: planted, ["httpRequest", "code"])
    func `a secret in a file of n8n is left out`(planted: Planted, kind: String) throws {
        let parameters = JSON.object([
            "method": "POST", "url": "https://example.com", "sendHeaders": true, "sendQuery": true, "sendBody": true,
        ]).merging(planted.settings)
        let source: JSON = [
            "nodes": [
                ["id": "s", "name": "Start", "type": "n8n-nodes-base.manualTrigger", "parameters": [:]],
                [
                    "id": "a", "name": "Set headers and token", "type": .string("n8n-nodes-base.\(kind)"),
                    "typeVersion": 4.2, "parameters": parameters,
                ],
            ],
            "connections": [
                "Start": ["main": [[["node": "Set headers and token", "type": "main", "index": 0]]]]
            ],
        ]
        try check(source, planted, node: "a")
    }

    @Test(arguments: planted, ["foreign", "llm:chat"])
    func `a secret in a file of React Flow is left out`(planted: Planted, type: String) throws {
        let source: JSON = [
            "nodes": [
                ["id": "a", "type": .string(type), "position": ["x": 0, "y": 0], "data": ["config": planted.settings]]
            ], "edges": [],
        ]
        try check(source, planted, node: "a")
    }

    @Test(arguments: planted)
    func `a secret in a prompt of ComfyUI is left out`(planted: Planted) throws {
        let source: JSON = ["7": ["class_type": "SaveImage", "inputs": planted.settings]]
        let node = try WorkflowImport.read(source, catalog: importCatalog).report.sources.first?.nodes.first
        try check(source, planted, node: node)
    }

    @Test(arguments: planted)
    func `a secret in an export of ours is left out`(planted: Planted) throws {
        let source: JSON = [
            "millrace": 1, "kind": "workflow",
            "workflow": [
                "nodes": [
                    ["id": "a", "type": "basedNode", "data": ["nodeType": "llm:chat", "config": planted.settings]]
                ],
                "edges": [],
            ],
        ]
        try check(source, planted, node: "a")
    }

    @Test(
        arguments: [
            ["headers": ["Authorization": "Bearer {{secrets.KEY}}", "Accept": "text/html", "Content-Type": "a/b"]],
            ["headerParameters": ["parameters": [["name": "Authorization", "value": "=Bearer {{ $json.token }}"]]]],
            ["specifyHeaders": "json", "authentication": "genericCredentialType", "max_tokens": 500],
            ["url": "https://example.com/@user/a?page=2&sort=key", "nextPageToken": "={{ $json[\"token\"] }}"],
            ["token": ["4", 0], "token_normalization": "none"], ["text": "task-list-abcdefgh and the bearer of news"],
            ["url": "={{ $json.url }}?api_key={{ $env.KEY }}", "script": "if (token == \"abcdefghijkl\") {}"],
            ["jsonBody": "{\"a\":   \"spaces stay\"}", "inputs": [["id": "token", "label": "Token"]]],
        ] as [JSON]
    )
    func `what is no secret stays as it was`(settings: JSON) throws {
        let source: JSON = ["nodes": [["id": "a", "type": "foreign", "data": ["kept": settings]]], "edges": []]
        let read = try WorkflowImport.read(source, catalog: importCatalog)
        #expect(read.report.secretsNeeded.isEmpty, "\(read.report.secretsNeeded)")
        #expect(read.graph.nodes.first?.data["source"]?["data"]?["kept"] == settings)
    }

    @Test func `long texts of beginnings of secrets take no long time`() throws {
        for part in ["eyJ-", "sk-", "://", "?key=", "Bearer ", "a='", "{{", "basic/", "token:\"{{"] {
            let text = String(repeating: part, count: 5_000)
            let source: JSON = [
                "nodes": [["id": "a", "type": "foreign", "data": ["text": .string(text)]]], "edges": [],
            ]
            _ = try WorkflowImport.read(source, catalog: importCatalog)
        }
    }
}
