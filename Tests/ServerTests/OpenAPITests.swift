import Catalog
import HTTPValues
import TestSupport
import Testing
import Values

/// The OpenAPI document, as the server gives it.
@Suite(.timeLimit(.minutes(2)))
struct OpenAPITests {
    private let bench: ServerBench
    private let document: JSON

    private struct Operation {
        let method: HTTPMethod
        let path: String
        let json: JSON
    }

    init() async throws {
        bench = try await ServerBench()
        document = try await bench.send(.get, "/api/v1/openapi.json").json
    }

    private var operations: [Operation] {
        (document["paths"]?.object ?? [:]).flatMap { path in
            (path.value.object ?? [:]).compactMap { member in
                HTTPMethod(rawValue: member.key.uppercased()).map {
                    Operation(method: $0, path: path.key, json: member.value)
                }
            }
        }
    }

    @Test func `it is OpenAPI 3.1 by the meta-schema`() async throws {
        #expect(try await Python.run("Tests/Contract/validate.py", input: document.text) == "")
    }

    @Test func `every component that is named exists, is used and is described in one file only`() throws {
        let components = try #require(document["components"]?["schemas"]?.object)
        let named = Self.references(document)
        #expect(named.subtracting(components.keys) == [])
        let used = Self.reached(from: document["paths"] ?? .null, components)
        #expect(Set(components.keys).subtracting(used) == [])
        let files = try BuiltInCatalog.schemas(of: "api").map { try JSON(parsing: $0).object ?? [:] }
        #expect(files.reduce(0) { $0 + $1.count } == components.count)
    }

    @Test func `what need not be sent may be null, as the server reads it`() throws {
        let components = try #require(document["components"]?["schemas"]?.object)
        for operation in operations {
            let content = operation.json["requestBody"]?["content"]?["application/json"]
            guard let name = content?["schema"]?["$ref"]?.string?.split(separator: "/").last else { continue }
            let schema = try #require(components[String(name)])
            let required = schema["required"]?.array ?? []
            for member in schema["properties"]?.object ?? [:] where !required.contains(.string(member.key)) {
                let types = member.value["type"]?.array ?? []
                let choices = (member.value["anyOf"] ?? member.value["oneOf"])?.array ?? []
                let isAny = member.value["$ref"] == "#/components/schemas/AnyValue"
                #expect(isAny || types.contains("null") || choices.contains(["type": "null"]), "\(name).\(member.key)")
            }
        }
    }

    @Test func `every schema says something, and one alone takes anything`() {
        var places: [String] = []
        Self.visitSchemas(document, "") { schema, place in
            let says = schema.object?.keys.filter { $0 != "description" && $0 != "title" } ?? []
            if says.isEmpty, place != "AnyValue" {
                places.append(place)
            }
        }
        #expect(places == [])
    }

    @Test func `every operation has a name of its own, a summary, and answers that are described`() throws {
        let operations = operations
        #expect(operations.count > 30)
        #expect(Set(operations.map { $0.json["operationId"]?.string }).count == operations.count)
        for operation in operations {
            let name = try #require(operation.json["operationId"]?.string)
            #expect(name.wholeMatch(of: /[a-z][A-Za-z]+/) != nil)
            #expect(operation.json["summary"]?.string?.isEmpty == false, "\(name)")
            let answers = operation.json["responses"]?.object ?? [:]
            #expect(answers.keys.contains { $0.hasPrefix("2") }, "\(name)")
            #expect(answers["400"] != nil && answers["default"] == nil, "\(name)")
            for answer in answers {
                #expect(answer.value["description"]?.string?.isEmpty == false, "\(name) \(answer.key)")
                let isEmpty = ["204", "304"].contains(answer.key)
                #expect((answer.value["content"] == nil) == isEmpty, "\(name) \(answer.key)")
            }
            // A signature or a password may be wrong where no key is needed.
            #expect(answers["401"] != nil || operation.json["security"]?[0] == nil, "\(name)")
        }
    }

    @Test func `every operation is answered where it is said to be`() async throws {
        for operation in operations where operation.path != "/api/v1/openapi.json" {
            let path = operation.path.replacing(/\{[^}]*\}/) { _ in "x" }
            let (status, _, body) = try await bench.raw(operation.method, path + "?broken=%zz", [:])
            let code = try JSON(parsing: body)["code"]
            #expect(status == 400 && code == "bad_request", "\(operation.method.rawValue) \(path)")
            let answer = try await bench.raw(operation.method, path, [:], [UInt8("{".utf8.first ?? 0)])
            guard answer.status >= 400 else { continue }
            let other = try JSON(parsing: answer.body)["code"]?.string ?? ""
            #expect(!["route_not_found", "method_not_allowed"].contains(other), "\(operation.method.rawValue) \(path)")
            let documented = operation.json["responses"]?["\(answer.status)"]?["description"]?.string
            #expect(documented?.contains(other) == true, "\(operation.path) \(answer.status) \(other)")
        }
    }

    // MARK: Walks

    private static func references(_ json: JSON) -> Set<String> {
        switch json {
        case .array(let items): items.reduce(into: []) { $0.formUnion(references($1)) }
        case .object(let object):
            object.reduce(into: []) { names, member in
                if member.key == "$ref", let name = member.value.string?.split(separator: "/").last {
                    names.insert(String(name))
                } else {
                    names.formUnion(references(member.value))
                }
            }
        default: []
        }
    }

    private static func reached(from json: JSON, _ components: JSONObject) -> Set<String> {
        var reached: Set<String> = []
        var open = references(json)
        while let name = open.popFirst() {
            guard reached.insert(name).inserted, let schema = components[name] else { continue }
            open.formUnion(references(schema).subtracting(reached))
        }
        return reached
    }

    /// Calls for each schema: what stands under `schema`, among components, and inside of these.
    private static func visitSchemas(_ json: JSON, _ place: String, _ visit: (JSON, String) -> Void) {
        func schema(_ json: JSON, _ place: String) {
            visit(json, place)
            for name in ["properties", "$defs"] {
                for member in json[name]?.object ?? [:] { schema(member.value, "\(place)/\(member.key)") }
            }
            for name in ["items", "additionalProperties"] where json[name]?.bool == nil {
                if let inner = json[name] { schema(inner, "\(place)/\(name)") }
            }
            for name in ["anyOf", "oneOf", "allOf"] {
                for inner in json[name]?.array ?? [] { schema(inner, "\(place)/\(name)") }
            }
        }
        for member in json["components"]?["schemas"]?.object ?? [:] { schema(member.value, member.key) }
        func walk(_ json: JSON, _ place: String) {
            for member in json.object ?? [:] {
                if member.key == "schema" {
                    schema(member.value, place)
                } else {
                    walk(member.value, "\(place)/\(member.key)")
                }
            }
            for (number, item) in (json.array ?? []).enumerated() { walk(item, "\(place)/\(number)") }
        }
        walk(json["paths"] ?? .null, place)
    }
}
