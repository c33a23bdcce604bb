import Foundation
import HTTPValues
import Testing
import Values

/// Published workflows as apps: by key and by form.
@Suite(.timeLimit(.minutes(3)))
struct AppTests {
    private static let nodes: JSON = [
        [
            "id": "t", "data": ["nodeType": "input:text", "label": "Topic <b>", "inputName": "topic"],
        ],
        ["id": "n", "data": ["nodeType": "input:number", "config": ["value": 3]]],
        [
            "id": "say",
            "data": ["nodeType": "utility:template", "config": ["template": "<i>{{t.text}}</i> {{n.number}}"]],
        ],
    ]

    private struct Made {
        let bench: ServerBench
        let workflow: String
        var path: String { "/api/v1/workflows/\(workflow)" }

        init(_ kind: DatabaseKind = .sqlite, nodes: JSON = AppTests.nodes) async throws {
            bench = try await ServerBench(kind)
            workflow = try await bench.make(nodes, name: "Say it")
        }

        func publish() async throws {
            #expect(try await bench.send(.post, "\(path)/publish", [:]).status == 200)
        }

        func offer(_ body: JSON) async throws -> ServerBench.Answer { try await bench.send(.put, "\(path)/app", body) }

        /// A page as a browser without a key asks for it.
        func page(_ path: String) async throws -> (status: Int, headers: HTTPFields, text: String) {
            let answer = try await bench.raw(.get, path, ["accept": "text/html"])
            return (answer.status, answer.headers, String(decoding: answer.body, as: UTF8.self))
        }

        func submit(
            _ path: String,
            _ body: String,
            type: String = "application/x-www-form-urlencoded"
        ) async throws -> (status: Int, headers: HTTPFields, text: String) {
            let answer = try await bench.raw(.post, path, ["content-type": type], Array(body.utf8))
            return (answer.status, answer.headers, String(decoding: answer.body, as: UTF8.self))
        }
    }

    @Test(arguments: DatabaseKind.available)
    func `an app runs what is published, and takes inputs only`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        let offered = try await made.offer(["slug": "say-it", "description": "Says it"])
        #expect(offered.status == 201 && offered.json["isPublished"] == false, "\(offered.json.text)")
        #expect(offered.json["name"] == "Say it" && offered.json["access"] == "key")
        let early = try await made.bench.send(.post, "/api/v1/apps/say-it/run", ["inputs": ["topic": "a"]])
        #expect(early.status == 400 && early.json["code"] == "workflow_not_published")
        try await made.publish()
        let shown = try await made.bench.send(.get, "/api/v1/apps/say-it").json
        #expect(shown["inputs"]?.array?.compactMap { $0["name"]?.string } == ["topic", "n"], "\(shown.text)")
        #expect(shown["priceEstimate"]?["credits"]?.integer != nil)
        let run = try await made.bench.send(.post, "/api/v1/apps/say-it/run?wait=10", ["inputs": ["topic": "a"]])
        #expect(run.status == 200 && run.json["data"]?["finalOutput"]?["text"] == "<i>a</i> 3", "\(run.json.text)")
        #expect(run.json["data"]?["workflowVersion"] == 1)
        let accepted = try await made.bench.send(.post, "/api/v1/apps/say-it/run", ["inputs": ["topic": "a"]])
        #expect(accepted.status == 202 && accepted.json["data"]?["pollUrl"]?.string != nil)
        for name in ["overrides", "nodes", "version", "maxCredits", "callbackUrl", "input"] {
            let refused = try await made.bench.send(
                .post,
                "/api/v1/apps/say-it/run",
                .object([name: [:], "inputs": ["topic": "a"]])
            )
            #expect(refused.status == 400 && refused.json["code"] == "invalid_field", "\(refused.json.text)")
            #expect(refused.json["field"]?.string == name)
        }
        #expect(try await made.offer(["inputs": ["topic"]]).status == 200)
        let hidden = try await made.bench.send(.post, "/api/v1/apps/say-it/run", ["inputs": ["topic": "a", "n": 4]])
        #expect(hidden.status == 400 && hidden.json["code"] == "invalid_input", "\(hidden.json.text)")
    }

    @Test(arguments: DatabaseKind.available)
    func `an address belongs to one app, and goes with it`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        #expect(try await made.offer([:]).json["code"] == "missing_fields")
        for slug in ["", "A", "-a", "a-", "a/b", "ä", String(repeating: "a", count: 61)] {
            #expect(try await made.offer(["slug": .string(slug)]).json["field"] == "slug", "\(slug)")
        }
        #expect(try await made.offer(["slug": "one"]).status == 201)
        let other = try await made.bench.make(Self.nodes)
        let taken = try await made.bench.send(.put, "/api/v1/workflows/\(other)/app", ["slug": "one"])
        #expect(taken.status == 409 && taken.json["code"] == "name_taken" && taken.json["param"] == "slug")
        #expect(try await made.bench.send(.put, "/api/v1/workflows/\(other)/app", ["slug": "two"]).status == 201)
        let list = try await made.bench.send(.get, "/api/v1/apps?limit=1").json
        #expect(list["data"]?[0]?["slug"] == "two" && list["hasMore"] == true)
        let next = try await made.bench.send(.get, "/api/v1/apps?cursor=\(list["nextCursor"]?.string ?? "")").json
        #expect(next["data"]?.array?.compactMap { $0["slug"]?.string } == ["one"])
        let gone = try await made.bench.raw(.delete, made.path, ["authorization": "Bearer \(ServerBench.key)"])
        #expect(gone.status == 204)
        #expect(try await made.bench.send(.get, "/api/v1/apps/one").status == 404)
        #expect(try await made.bench.send(.put, "/api/v1/workflows/\(other)/app", ["slug": "one"]).status == 200)
    }

    @Test(arguments: DatabaseKind.available)
    func `whoever has the address of a public app runs it by its form`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        try await made.publish()
        _ = try await made.offer(["slug": "say", "name": "Say <it>", "access": "public"])
        let page = try await made.page("/apps/say")
        #expect(page.status == 200, "\(page.text)")
        let policy = try #require(page.headers["content-security-policy"])
        #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
        #expect(!page.text.contains("<script") && page.text.contains("Say &lt;it&gt;"))
        #expect(page.text.contains("name=\"topic\" required") && page.text.contains("Topic &lt;b&gt;"))
        #expect(page.text.contains("type=\"number\"") && page.text.contains("value=\"3\""))
        let run = try await made.submit("/apps/say", "topic=a+%26+b&n=5")
        #expect(run.status == 303, "\(run.text)")
        let place = try #require(run.headers["location"])
        var result = try await made.page(place)
        for _ in 0..<500 where result.text.contains("http-equiv=\"refresh\"") { result = try await made.page(place) }
        #expect(result.status == 200)
        #expect(result.text.contains("&lt;i&gt;a &amp; b&lt;/i&gt; 5"), "\(result.text)")
        // Only who has the whole link sees it.
        #expect(try await made.page(String(place.prefix { $0 != "?" })).status == 404)
        #expect(try await made.page(place + "x").status == 404)
        let wrong = try await made.submit("/apps/say", "topic=a&n=many")
        #expect(wrong.status == 400 && wrong.text.contains("must be a number"), "\(wrong.text)")
        #expect(wrong.text.contains(">a</textarea>"))
        #expect(try await made.submit("/apps/say", "n=1").status == 400)
    }

    @Test func `a form takes files`() async throws {
        let nodes: JSON = [
            ["id": "f", "data": ["nodeType": "input:file", "inputName": "doc"]],
            ["id": "t", "data": ["nodeType": "input:text", "config": ["text": "x"]]],
        ]
        let made = try await Made(nodes: nodes)
        try await made.publish()
        _ = try await made.offer(["slug": "files", "access": "public"])
        let page = try await made.page("/apps/files").text
        #expect(page.contains("multipart/form-data") && page.contains("type=\"file\""), "\(page)")
        let body = [
            "--b", "Content-Disposition: form-data; name=\"t\"", "", "two", "--b",
            "Content-Disposition: form-data; name=\"doc\"; filename=\"a.txt\"", "Content-Type: text/plain", "",
            "the\r\nfile", "--b--", "",
        ].joined(separator: "\r\n")
        let run = try await made.submit("/apps/files", body, type: "multipart/form-data; boundary=b")
        #expect(run.status == 303, "\(run.text)")
        let place = try #require(run.headers["location"])
        var result = try await made.page(place)
        for _ in 0..<500 where result.text.contains("http-equiv=\"refresh\"") { result = try await made.page(place) }
        #expect(result.text.contains("/media/med_") && result.text.contains("two"), "\(result.text)")
        for broken in ["--b", "", "--b\r\nx", body.replacingOccurrences(of: "--b--", with: "")] {
            #expect(try await made.submit("/apps/files", broken, type: "multipart/form-data; boundary=b").status == 400)
        }
    }

    @Test(arguments: DatabaseKind.available)
    func `strangers have so many runs of a public app, and no more`(kind: DatabaseKind) async throws {
        let made = try await Made(kind)
        try await made.publish()
        let limits: JSON = ["runsPerMinute": 100, "runsPerDay": 3, "creditsPerRun": 10, "creditsPerDay": 1000]
        _ = try await made.offer(["slug": "say", "access": "public", "limits": limits])
        func submit() async throws -> Int { try await made.submit("/apps/say", "topic=a").status }
        #expect(try await [submit(), submit(), submit(), submit()] == [303, 303, 303, 429])
        _ = try await made.offer(["limits": ["runsPerDay": 100, "creditsPerDay": 45]])
        // Three runs may have cost 30 credits; one more fits, a second one does not.
        #expect(try await [submit(), submit()] == [303, 429])
        _ = try await made.offer(["limits": ["runsPerMinute": 1, "creditsPerDay": 1000]])
        #expect(try await submit() == 429)
        #expect(try await made.bench.send(.get, "\(made.path)/executions").json["data"]?.array?.count == 4)
    }

    @Test func `an app for keys shows its page to nobody else`() async throws {
        let made = try await Made()
        try await made.publish()
        _ = try await made.offer(["slug": "say"])
        #expect(try await made.page("/apps/say").status == 404)
        #expect(try await made.submit("/apps/say", "topic=a").status == 404)
        let headers: HTTPFields = ["authorization": "Bearer \(ServerBench.key)"]
        #expect(try await made.bench.raw(.get, "/apps/say", headers).status == 200)
        #expect(try await made.page("/apps/nobody").status == 404)
        _ = try await made.offer(["access": "public"])
        _ = try await made.bench.send(.post, "\(made.path)/unpublish", [:])
        let closed = try await made.page("/apps/say")
        #expect(closed.status == 400 && closed.text.contains("closed"))
    }
}
