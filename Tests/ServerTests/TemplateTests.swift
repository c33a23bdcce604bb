import HTTPValues
import Testing
import Values

/// Ready workflows, and the models that node types ask.
@Suite(.timeLimit(.minutes(2)))
struct TemplateTests {
    @Test func `templates are listed, found and shown with their graph`() async throws {
        let bench = try await ServerBench()
        let all = try await bench.send(.get, "/api/v1/templates").json
        let ids = all["data"]?.array?.compactMap { $0["id"]?.string } ?? []
        #expect(ids.count >= 5 && all["hasMore"] == false)
        var paged: [String] = []
        var query = "?limit=2"
        for _ in 0..<ids.count {
            let page = try await bench.send(.get, "/api/v1/templates\(query)").json
            paged += page["data"]?.array?.compactMap { $0["id"]?.string } ?? []
            guard let next = page["nextCursor"]?.string else { break }
            query = "?limit=2&cursor=\(next)"
        }
        #expect(paged == ids)
        let one = try await bench.send(.get, "/api/v1/templates/product-copy-image").json
        #expect(one["nodes"]?.array?.isEmpty == false && one["estimatedCredits"]?.integer != nil, "\(one.text)")
        #expect(one["inputs"]?[0]?["name"] == "product")
        func found(_ query: String) async throws -> [String] {
            let answer = try await bench.send(.get, "/api/v1/templates?\(query)").json
            return answer["data"]?.array?.compactMap { $0["id"]?.string } ?? []
        }
        #expect(try await found("category=marketing").contains("product-copy-image"))
        #expect(try await found("tag=Image&q=product%20COPY").contains("product-copy-image"))
        #expect(try await found("q=nothing-like-this").isEmpty)
        let missing = try await bench.send(.get, "/api/v1/templates/none")
        #expect(missing.status == 404 && missing.json["code"] == "template_not_found")
    }

    @Test func `a clone is a workflow of one's own with the inputs that were sent`() async throws {
        let bench = try await ServerBench()
        let path = "/api/v1/templates/product-copy-image/clone"
        let clone = try await bench.send(.post, path, ["name": "Mine", "inputs": ["product": "a hat"]])
        #expect(clone.status == 201 && clone.json["name"] == "Mine", "\(clone.json.text)")
        let id = clone.json["id"]?.string ?? ""
        #expect(clone.headers["location"] == "/api/v1/workflows/\(id)")
        let nodes = try await bench.send(.get, "/api/v1/workflows/\(id)").json["nodes"]?.array ?? []
        let product = nodes.first { $0["id"] == "product" }
        #expect(product?["data"]?["config"]?["text"] == "a hat")
        #expect(try await bench.send(.post, path, [:]).json["name"] == "Product copy and picture")
        #expect(try await bench.send(.post, path, ["inputs": ["no": 1]]).json["code"] == "invalid_input")
        #expect(try await bench.send(.post, path, ["name": " "]).json["field"] == "name")
        #expect(try await bench.send(.post, path, ["input": [:]]).json["didYouMean"] == "inputs")
    }

    @Test func `every template can be cloned, and nothing of it is wrong`() async throws {
        let bench = try await ServerBench()
        for template in try await bench.send(.get, "/api/v1/templates").json["data"]?.array ?? [] {
            let clone = try await bench.send(
                .post,
                "/api/v1/templates/\(template["id"]?.string ?? "")/clone",
                [:]
            )
            #expect(clone.status == 201)
            #expect(clone.json["diagnostics"]?["counts"]?["error"] == 0, "\(clone.json.text)")
        }
    }

    @Test func `models are listed by provider and name, and filtered`() async throws {
        let bench = try await ServerBench()
        var models: [JSON] = []
        var query = "?limit=100"
        for _ in 0..<50 {
            let page = try await bench.send(.get, "/api/v1/models\(query)").json
            models += page["data"]?.array ?? []
            guard let next = page["nextCursor"]?.string else { break }
            query = "?limit=100&cursor=\(next)"
        }
        let ids = models.compactMap { $0["id"]?.string }
        #expect(!ids.isEmpty && ids == ids.sorted() && Set(ids).count == ids.count)
        for model in models {
            #expect(model["provider"]?.string?.isEmpty == false && model["nodeTypes"]?.array?.isEmpty == false)
            #expect(model["lifecycle"]?["status"]?.string != nil)
        }
        let provider = models[0]["provider"]?.string ?? ""
        let own = try await bench.send(.get, "/api/v1/models?limit=100&provider=\(provider)").json["data"]?.array ?? []
        #expect(!own.isEmpty && own.allSatisfy { $0["provider"]?.string == provider })
        let type = models[0]["nodeTypes"]?[0]?["nodeType"]?.string ?? ""
        let serving = try await bench.send(.get, "/api/v1/models?nodeType=\(type)").json["data"]?.array ?? []
        #expect(serving.contains { $0["id"] == models[0]["id"] })
        #expect(try await bench.send(.get, "/api/v1/models?status=new").json["code"] == "invalid_filter")
        #expect(try await bench.send(.get, "/api/v1/models", [:], key: ServerBench.readOnlyKey).status == 403)
    }
}
